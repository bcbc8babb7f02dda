internal import Basics
internal import HTTPTypes
internal import NIOCore

extension Answer {
    /// The bytes of the HTTP/1.1 answer: head and body in one buffer.
    ///
    /// - Parameter date: the value of the field `Date`.
    func message(isForBrowsers: Bool, isLast: Bool, date: String) -> ByteBuffer {
        let body = json.buffer.readableBytesView
        var message = ByteBufferAllocator().buffer(capacity: 256 + body.count)
        message.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\nContent-Type: application/json\r\n")
        message.writeString("Content-Length: \(body.count)\r\n")
        if isRetryable { message.writeStaticString("Retry-After: 1\r\n") }
        if isForBrowsers { message.writeStaticString("Access-Control-Allow-Origin: *\r\n") }
        if isLast { message.writeStaticString("Connection: close\r\n") }
        message.writeString("Date: \(date)\r\n\r\n")
        message.writeBytes(body)
        return message
    }
}

/// The time as HTTP writes it, `Sat, 01 Aug 2026 00:00:00 GMT` (RFC 9110, section 5.6.7), made once a second.
struct DateField {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private var second: Int64 = -1
    private var text = ""

    mutating func text(at time: Timestamp) -> String {
        guard time.milliseconds / 1000 != second else { return text }
        second = time.milliseconds / 1000
        let date = time.rfc3339
        let parts = date.prefix(10).split(separator: "-")
        let month = Self.months[(Int(parts[1]) ?? 1) - 1]
        // 1970 began on a Thursday.
        let day = Self.days[Int(second / 86_400 % 7)]
        text = "\(day), \(parts[2]) \(month) \(parts[0]) \(date.dropFirst(11).prefix(8)) GMT"
        return text
    }
}
