internal import Hummingbird
internal import Tollgate

extension Routes {
    /// Every endpoint of this release but those that are a `HotRoute`.
    static func router(
        for engine: Engine, _ metrics: RequestMetrics, _ streams: StreamHub, _ options: ServerOptions
    ) -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.add(middleware: metrics)
        router.add(middleware: CrossOrigin())
        router.add(middleware: ErrorAnswers())
        let routes = Routes(engine: engine, router: router, limiter: RateLimiter(options.rates))
        routes.addCompanies()
        routes.addUsers()
        routes.addTraitDefinitions()
        routes.addKeyDefinitions()
        routes.addFeatures()
        routes.addLicenses()
        routes.addFlags()
        routes.addPlans()
        routes.addPlanVersionViews()
        routes.addPlanBundles()
        routes.addCustomPlanBillings()
        routes.addMigrations()
        routes.addPlanTraits()
        routes.addPlanEntitlements()
        routes.addPlanGroups()
        routes.addOverrides()
        routes.addChecks()
        routes.addEvents()
        routes.addCloudEvents(subjectKey: options.subjectKey)
        routes.addUsage()
        routes.addUserUsage()
        routes.addPlanChanges()
        routes.addScheduledCheckouts()
        routes.addPlanChangeLog()
        routes.addCheckout()
        routes.addBilling()
        routes.addBillingDetails()
        routes.addCompanyBilling()
        routes.addMirror()
        routes.addLinked()
        routes.addRenewals()
        routes.addUsageSignals()
        routes.addInvoices()
        routes.addAccount()
        routes.addTemporaryTokens()
        routes.addSelfHosted()
        routes.addAuditLog()
        routes.addOperations(metrics, streams)
        return router
    }
}
