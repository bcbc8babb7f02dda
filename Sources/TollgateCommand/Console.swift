internal import Glibc

/// Where the program speaks: results on standard output, everything about the work itself on standard error.
///
/// Written at once, without a buffer: whoever waits for a line of a server gets it when it is said.
enum Console {
    static func say(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }
    static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                // A reader that is gone is no reason to stop the work; there is nobody to tell.
                guard count > 0 || errno == EINTR else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(count, 0)))
            }
        }
    }
}

extension BinaryInteger {
    /// `1,234,567`: for people.
    var grouped: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }

    /// `0.042 s`, `3.1 s`, `118 s`: for people.
    var brief: String {
        let milliseconds = Int(inSeconds * 1000)
        return switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<100_000: "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
        default: "\((milliseconds / 1000).grouped) s"
        }
    }

    /// How many of `count` that is each second; 0 when nothing was measured.
    func rate(of count: Int) -> Int {
        self > .zero ? Int(Double(count) / inSeconds) : 0
    }
}
