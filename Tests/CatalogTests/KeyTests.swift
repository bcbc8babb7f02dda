import Basics
import Catalog
import Model
import Testing

@Suite struct KeyTests {
    /// Each row starts with company A (id=a slug=sa) and company B (id=b).
    static let upserts = rows(
        """
        id=a                    |                | A: id=a slug=sa
        id=a slug=sa            |                | A: id=a slug=sa
        id=a mail=m             |                | A: id=a mail=m slug=sa
        id=a slug=new           |                | A: id=a slug=new
        id=a slug=new           | prevent        | refused: company A has the key slug=sa, and prevent_key_remap keeps it from becoming new
        id=a mail=m             | prevent        | A: id=a mail=m slug=sa
        id=a                    | remove=slug    | A: id=a
        id=a                    | remove=other   | A: id=a slug=sa
        id=a slug=sa            | remove=id,slug | refused: company A must keep at least one key
        id=b                    | remove=id      | refused: company B must keep at least one key
        id=b mail=m             | remove=id      | B: mail=m
        id=b slug=sa            |                | refused: the keys name two different companies: id=b is B, slug=sa is A
        id=c                    |                | new: id=c
        id=c                    | update         | refused: no company has one of the keys id=c
        id=a                    | create         | refused: company A has one of the keys already
        id=c                    | create         | new: id=c
        any=ID(A)               |                | A: id=a slug=sa
        any=ID(A) more=m        |                | A: id=a more=m slug=sa
        id=b any=ID(A)          |                | B: any=ID(A) id=b
        any=ID(A) other=ID(B)   |                | refused: the keys name two different companies: any=ID(A) is A, other=ID(B) is B
        any=ID(gone)            |                | refused: company ID(gone) does not exist
        any=comp_mine           |                | new: any=comp_mine
        mail=m                  | id=A           | A: id=a mail=m slug=sa
        id=b                    | id=A           | refused: the key id=b belongs to company B
        id=a                    | id=gone        | refused: company ID(gone) does not exist
        id=a                    | id=A create    | refused: a company that is only to be created cannot be named by its id
                                |                | refused: name the company by at least one key
        """)

    @Test(arguments: upserts) func upsert(row: [String]) throws {
        let world = try World()
        let a = try world.execute(UpsertCompany(keys: ["id": "a", "slug": "sa"]))
        let b = try world.execute(UpsertCompany(keys: ["id": "b"]))
        let names = [
            "ID(A)": a.id.description, "ID(B)": b.id.description,
            "ID(gone)": Identifier<Company>(ordinal: 99).description,
        ]
        var keys = fields(row[0])
        for (name, value) in keys { keys[name] = names[value] ?? value }
        var command = UpsertCompany(keys: keys)
        let options = fields(row[1])
        command.preventKeyRemap = options["prevent"] != nil
        command.updateOnly = options["update"] != nil
        command.createOnly = options["create"] != nil
        command.removeKeys = options["remove"]?.split(separator: ",").map(String.init) ?? []
        command.companyID = options["id"].map { Identifier(names["ID(\($0))"]!)! }
        var got = outcome {
            let company = try world.execute(command)
            let label = company.id == a.id ? "A" : company.id == b.id ? "B" : "new"
            // What the record says, the table of keys must say too.
            for key in company.keys { #expect(try world.company([key.name: key.value])?.id == company.id) }
            return "\(label): \(company.keys.text)"
        }
        for entity in [("A", a), ("B", b)] {
            for word in ["company ", "is "] {
                got = got.replacing("\(word)\(entity.1.id)", with: "\(word)\(entity.0)")
            }
            got = got.replacing(entity.1.id.description, with: "ID(\(entity.0))")
        }
        #expect(got.replacing(names["ID(gone)"]!, with: "ID(gone)") == row[2])
    }

    @Test func aRemappedKeyIsFree() throws {
        let world = try World()
        try world.execute(UpsertCompany(keys: ["id": "a", "slug": "old"]))
        try world.execute(UpsertCompany(keys: ["id": "a", "slug": "new"]))
        #expect(try world.company(["slug": "old"]) == nil)
        let other = try world.execute(UpsertCompany(keys: ["slug": "old"]))
        #expect(try world.company(["slug": "old"])?.id == other.id)
    }

    @Test func keysAreComparedByBytes() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a", "name": "caf\u{e9}"]))
        try world.execute(UpsertCompany(keys: ["id": "a", "name": "cafe\u{301}"]))
        #expect(try world.company(["name": "caf\u{e9}"]) == nil)
        #expect(try world.company(["name": "cafe\u{301}"])?.id == company.id)
    }

    @Test func limits() throws {
        let world = try World()
        func upsert(_ keys: [String: String]) throws { try world.execute(UpsertCompany(keys: keys)) }
        let many = { (prefix: String, count: Int) in
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("\(prefix)\($0)", "v") })
        }
        try upsert([String(repeating: "n", count: 128): String(repeating: "v", count: 256)])
        refused(.invalid, "has 129 bytes, at most 128") { try upsert([String(repeating: "n", count: 129): "v"]) }
        refused(.invalid, "has 257 bytes, at most 256") { try upsert(["n": String(repeating: "v", count: 257)]) }
        refused(.invalid, "cannot be empty") { try upsert(["": "v"]) }
        refused(.invalid, "cannot be empty") { try upsert(["n": ""]) }
        refused(.invalid, "NUL") { try upsert(["n": "a\0b"]) }
        refused(.invalid, "17 keys were given") { try upsert(many("k", 17)) }
        try upsert(many("k", 16))
        refused(.invalid, "would have 17 keys") { try upsert(["k0": "v", "extra": "v"]) }
        refused(.invalid, "a name has 257 bytes") {
            var command = UpsertCompany(keys: ["id": "a"])
            command.name = String(repeating: "x", count: 257)
            try world.execute(command)
        }
    }

    /// A company and a user may hold the same key.
    @Test func usersHaveKeysOfTheirOwn() throws {
        let world = try World()
        try world.execute(UpsertCompany(keys: ["id": "a"]))
        let user = try world.execute(UpsertUser(keys: ["id": "a"]))
        #expect(user.name == "a")
        var byID = UpsertUser(keys: ["any": user.id.description])
        byID.name = "Ada"
        #expect(try world.execute(byID).id == user.id)
        var update = UpsertUser(keys: ["id": "z"])
        update.updateOnly = true
        refused(.notFound, "no user has one of the keys id=z") { try world.execute(update) }
        var create = UpsertUser(keys: ["id": "a"])
        create.createOnly = true
        refused(.conflict, "has one of the keys already") { try world.execute(create) }
        create.userID = user.id
        refused(.invalid, "only to be created") { try world.execute(create) }
    }
}
