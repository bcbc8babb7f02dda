public import Basics

/// Who a company's invoices are addressed to. Has the company's ordinal.
public struct BillingDetails: Codable, Sendable, Identified {
    public static let idPrefix = "bdet"

    public let id: Identifier<BillingDetails>
    public var email: String?
    public var phone: String?
    public var address: BillingAddress?
    public var taxIDs: [TaxID] = []

    public init(of company: Identifier<Company>) {
        id = Self.id(of: company)
    }

    public static func id(of company: Identifier<Company>) -> Identifier<BillingDetails> {
        Identifier(ordinal: company.ordinal)
    }
}

/// A postal address; what is not known is empty.
public struct BillingAddress: Codable, Sendable, Equatable {
    public var line1 = ""
    public var line2 = ""
    public var city = ""
    public var state = ""
    public var postalCode = ""
    /// Two letters of ISO 3166.
    public var country = ""

    public init() {}
}

/// A number under which a tax office knows a company.
public struct TaxID: Codable, Sendable, Equatable {
    public let type: TaxIDType
    public let value: String

    public init(type: TaxIDType, value: String) {
        self.type = type
        self.value = value
    }

    /// Two letters. In the Union the number begins with them, elsewhere its type does.
    public var country: String {
        (type == .euVAT ? value : type.rawValue).prefix(2).uppercased()
    }
}

/// Source: Schematic, `TaxIdType`.
public enum TaxIDType: String, Codable, Sendable, CaseIterable {
    case aeTRN = "ae_trn", auABN = "au_abn", auARN = "au_arn", brCNPJ = "br_cnpj", brCPF = "br_cpf", caBN = "ca_bn"
    case caGSTHST = "ca_gst_hst", caPSTBC = "ca_pst_bc", caPSTMB = "ca_pst_mb", caPSTSK = "ca_pst_sk", caQST = "ca_qst"
    case chUID = "ch_uid", chVAT = "ch_vat", euVAT = "eu_vat", gbVAT = "gb_vat", hkBR = "hk_br", idNPWP = "id_npwp"
    case ilVAT = "il_vat", inGST = "in_gst", jpCN = "jp_cn", jpRN = "jp_rn", jpTRN = "jp_trn", krBRN = "kr_brn"
    case mxRFC = "mx_rfc", myFRP = "my_frp", myITN = "my_itn", mySST = "my_sst", noVAT = "no_vat", nzGST = "nz_gst"
    case phTIN = "ph_tin", saVAT = "sa_vat", sgGST = "sg_gst", sgUEN = "sg_uen", thVAT = "th_vat", trTIN = "tr_tin"
    case twVAT = "tw_vat", usEIN = "us_ein", zaVAT = "za_vat"
}
