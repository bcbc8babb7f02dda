internal import NIOCore
internal import NIOWebSocket

/// Frames as servers send them: unmasked and whole, header and payload in one buffer, so that one buffer serves every
/// client (RFC 6455, section 5.2).
enum StreamFrame {
    static func text(_ json: JSONWriter) -> ByteBuffer { frame(.text, json.buffer) }

    static func ping() -> ByteBuffer { frame(.ping, ByteBuffer()) }

    static func pong(_ payload: ByteBuffer) -> ByteBuffer { frame(.pong, payload) }

    static func close(_ code: WebSocketErrorCode, _ reason: String) -> ByteBuffer {
        var payload = ByteBuffer()
        payload.write(webSocketErrorCode: code)
        // A control frame holds 125 bytes.
        payload.writeBytes(reason.utf8.prefix(120))
        return frame(.connectionClose, payload)
    }

    private static func frame(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) -> ByteBuffer {
        let count = payload.readableBytes
        var frame = ByteBuffer()
        frame.reserveCapacity(count + 10)
        frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch count {
        case ...125: frame.writeInteger(UInt8(count))
        case ...0xFFFF:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(count))
        }
        frame.writeImmutableBuffer(payload)
        return frame
    }
}

extension WebSocketErrorCode {
    /// The key is missing, not known, revoked, or not for this: clients do not try again with it.
    static let badKey = WebSocketErrorCode(codeNumber: 4001)
    /// The client may connect again, and gets everything anew.
    static let tryAgain = WebSocketErrorCode(codeNumber: 1013)
}
