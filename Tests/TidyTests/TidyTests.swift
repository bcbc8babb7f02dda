import Testing

@Suite struct TidyTests {
    @Test func `the sources are found`() {
        #expect(project.count { $0.path.hasPrefix("Sources/") && $0.isSwift } > 50)
    }

    @Test(arguments: Rule.all)
    func `every file keeps the rule`(_ rule: Rule) {
        let violations = project.flatMap(rule.violations)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test(arguments: Rule.all)
    func `the rule sees its offence`(_ rule: Rule) {
        let file = SourceFile(path: rule.offence.path, text: rule.offence.text)
        #expect(rule.violations(file).count == 1)
    }
}
