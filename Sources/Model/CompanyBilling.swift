package import Basics

/// What issuing an invoice needs of a company. Read from its record without the rest of it, which would be most of the
/// work: the closer reads companies by the hundred thousand.
package struct CompanyBilling: Sendable {
    package let profile: BillingProfile
    /// The plan change that waits.
    package let scheduledCheckoutID: Identifier<ScheduledCheckout>?

    package init(of company: Company) {
        profile = company.billingProfile
        scheduledCheckoutID = company.scheduledCheckoutID
    }

    /// Reads a packed `Company`, whose fields these are.
    package init(packed bytes: UnsafeRawBufferPointer) throws(MalformedRecord) {
        var reader = RecordReader(bytes)
        let fields = try reader.readFields(Company.packedFields)
        try reader.skip(9)
        profile = try BillingProfile(unpacking: &reader)
        guard fields > 17 else {
            scheduledCheckoutID = nil
            return
        }
        try reader.skip(7)
        scheduledCheckoutID = try Identifier<ScheduledCheckout>?(unpacking: &reader)
    }
}
