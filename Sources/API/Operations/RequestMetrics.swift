internal import Basics
internal import HTTPTypes
internal import Hummingbird

/// Counts requests and how long they took, by method, route and status: what `/metrics` shows of the API.
final class RequestMetrics: RouterMiddleware {
    /// In microseconds.
    private static let bounds: [Int64] = [
        10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        5_000_000,
    ]

    private static let noRoute = "NotFound"

    private struct Series: Hashable {
        let method: String
        /// The route's pattern, so that ids make no series of their own.
        let route: String
        let status: Int
    }

    private let histograms = Locked<[Series: Histogram]>([:])

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        count(request.method.rawValue, context.endpointPath, response.status.code, since: start)
        return response
    }

    /// - Parameter route: nil when the path is that of no route.
    func count(_ method: String, _ route: String?, _ status: Int, since start: ContinuousClock.Instant) {
        let micros = start.duration(to: .now).microseconds
        // Paths and methods are the client's to invent: those of no route are one series, named as the router names it.
        let route = route ?? Self.noRoute
        let series = Series(method: route == Self.noRoute ? "any" : method, route: route, status: status)
        histograms.withLock { $0[series, default: Histogram(bounds: Self.bounds)].add(micros) }
    }

    func write(to text: inout PrometheusText) {
        let sorted = histograms.withLock { Array($0) }.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        text.header("tollgate_http_request_seconds", "histogram", "Time from a request's arrival to its answer.")
        for (series, histogram) in sorted {
            let labels = "method=\"\(series.method)\",route=\"\(series.route)\",status=\"\(series.status)\""
            text.histogram("tollgate_http_request_seconds", labels, histogram, unit: 1_000_000)
        }
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

    /// - Parameter unit: how many of the histogram's values make one of what is shown, such as microseconds a second.
    mutating func histogram(_ name: String, _ labels: String, _ histogram: Histogram, unit: Int64 = 1) {
        func shown(_ value: Int64) -> String { unit == 1 ? "\(value)" : "\(Double(value) / Double(unit))" }
        var count: UInt64 = 0
        let before = labels.isEmpty ? "" : labels + ","
        for (index, range) in histogram.counts.enumerated() {
            count += range
            let bound = index < histogram.bounds.count ? shown(histogram.bounds[index]) : "+Inf"
            sample("\(name)_bucket", "\(before)le=\"\(bound)\"", "\(count)")
        }
        sample("\(name)_sum", labels, shown(histogram.sum))
        sample("\(name)_count", labels, "\(count)")
    }
}
