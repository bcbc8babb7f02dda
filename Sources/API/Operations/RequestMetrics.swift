internal import Basics
internal import HTTPTypes
internal import Hummingbird

/// Counts requests and how long they took, by method, route and status: what `/metrics` shows of the API.
final class RequestMetrics: RouterMiddleware {
    /// Upper bounds of the histogram, in microseconds; the last bucket is open.
    private static let bounds: [Int64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    ]

    private static let noRoute = "NotFound"

    private struct Series: Hashable {
        let method: String
        /// The route's pattern, so that ids make no series of their own.
        let route: String
        let status: Int
    }

    private struct Histogram {
        var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        var totalMicros: Int64 = 0
    }

    private let histograms = Locked<[Series: Histogram]>([:])

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = start.duration(to: .now).components
        let micros = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
        // Paths and methods are the client's to invent: those of no route are one series, named as the router names it.
        let route = context.endpointPath ?? Self.noRoute
        let method = route == Self.noRoute ? "any" : request.method.rawValue
        let series = Series(method: method, route: route, status: response.status.code)
        let bucket = Self.bounds.firstIndex { micros <= $0 } ?? Self.bounds.count
        histograms.withLock {
            $0[series, default: Histogram()].counts[bucket] += 1
            $0[series, default: Histogram()].totalMicros += micros
        }
        return response
    }

    func write(to text: inout PrometheusText) {
        let sorted = histograms.withLock { Array($0) }.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        text.header("tollgate_http_request_seconds", "histogram", "Time from a request's arrival to its answer.")
        for (series, histogram) in sorted {
            let labels = "method=\"\(series.method)\",route=\"\(series.route)\",status=\"\(series.status)\""
            var sum: UInt64 = 0
            for (bound, count) in zip(Self.bounds, histogram.counts) {
                sum += count
                text.sample("tollgate_http_request_seconds_bucket", "\(labels),le=\"\(Self.seconds(bound))\"", "\(sum)")
            }
            sum += histogram.counts[Self.bounds.count]
            text.sample("tollgate_http_request_seconds_bucket", "\(labels),le=\"+Inf\"", "\(sum)")
            text.sample("tollgate_http_request_seconds_sum", labels, Self.seconds(histogram.totalMicros))
            text.sample("tollgate_http_request_seconds_count", labels, "\(sum)")
        }
    }

    private static func seconds(_ micros: Int64) -> String {
        "\(Double(micros) / 1_000_000)"
    }
}

/// Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    mutating func header(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}
