internal import Glibc

/// One line that is written over and over while work goes on; silent when nobody watches.
struct ProgressLine {
    private static let interval = Duration.milliseconds(100)

    private let descriptor: Int32
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?

    /// - Parameter descriptor: where to write; it is looked at whether that is a terminal.
    init(_ descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        isShown = isatty(descriptor) == 1
    }

    var elapsed: Duration { ContinuousClock.now - started }

    /// Shows how far the work is: `import  [#######·······]  52 %  1,200,000 events  410,000/s  3 s left`.
    ///
    /// - Parameter fraction: 0…1 of the work; nil when its end is not known.
    mutating func show(_ title: String, done: Int, of noun: String, fraction: Double?) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let lastShown, now - lastShown < Self.interval { return }
        lastShown = now
        let elapsed = now - started
        var text = "\r\u{1B}[K\(title)  "
        if let fraction {
            let filled = Int(fraction * 30)
            text += "[" + String(repeating: "#", count: filled) + String(repeating: "·", count: 30 - filled) + "]  "
            text += "\(Int(fraction * 100)) %  "
        }
        text += "\(done.grouped) \(noun)  \(elapsed.rate(of: done).grouped)/s"
        if let fraction, fraction > 0 { text += "  \((elapsed * ((1 - fraction) / fraction)).brief) left" }
        Console.write(text, to: descriptor)
    }

    /// Takes the line away, so that what comes next starts on an empty one.
    func clear() {
        if isShown { Console.write("\r\u{1B}[K", to: descriptor) }
    }
}
