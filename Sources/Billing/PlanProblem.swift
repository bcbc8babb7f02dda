public import Basics
public import Model

/// Something to say about a plan change before it is carried out. The code is one of Schematic's `CheckoutProblemCode`.
public struct PlanProblem: Error, Sendable {
    public let code: String
    public let message: String
    /// The change is not carried out; otherwise it is a warning.
    public var isBlocking = true
    /// More for people, such as where to turn.
    public var detail: String?
    public var planID: Identifier<Plan>?
    public var priceID: Identifier<Price>?
    public var featureID: Identifier<Feature>?
    public var fieldID: Identifier<CheckoutField>?

    /// Of Schematic's `CheckoutProblemSource`: something is missing, or wrong.
    public var source: String {
        ["opt_in_required", "payment_method_required"].contains(code) ? "requirement" : "validation"
    }

    init(
        _ code: String, _ message: String, plan: Identifier<Plan>? = nil, price: Identifier<Price>? = nil,
        feature: Identifier<Feature>? = nil
    ) {
        self.code = code
        self.message = message
        planID = plan
        priceID = price
        featureID = feature
    }
}
