internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// What is sold through features of the type `license`.
    func addLicenses() {
        get("licenses") { call in
            let page = try call.query.page()
            return try call.answer { view in
                try view.licenses(call.query).dropFirst(page.offset).prefix(page.limit)
                    .map(LicenseResponseData.init)
            }
        }
        get("licenses/count") { call in
            try call.answer { view in CountResponse(count: try view.licenses(call.query).count) }
        }
        get("licenses/:license_id") { call in
            let id: Identifier<License> = try call.id("license_id")
            return try call.answer { view in
                guard let feature = view.get(Identifier<Feature>(ordinal: id.ordinal)),
                    let license = License(of: feature)
                else { throw Refusal.missing("license_id", id.description) }
                return LicenseResponseData(license: license)
            }
        }
    }
}

extension WireView {
    /// Those that a query asks for, newest first.
    fileprivate func licenses(_ query: Query) throws -> [License] {
        let ids: OneOf<Identifier<License>> = try query.oneOf("ids")
        let features: OneOf<Identifier<Feature>> = try query.oneOf("feature_ids")
        let name: String? = try query.optional("name")
        return all(Feature.self) { features.allows($0.id) && name ?? $0.name == $0.name }
            .compactMap(License.init).filter { ids.allows($0.id) }.sorted { $0.id > $1.id }
    }
}

struct LicenseResponseData: WireObject {
    let license: License

    func writeFields(to json: inout JSONWriter) {
        json.field("id", license.id)
        json.field("name", license.name)
        json.field("created_at", license.feature.createdAt)
        json.field("updated_at", license.feature.updatedAt)
    }
}
