import Testing

@testable import ccs_jobstore

@Suite("What a system user is told whom the database does not admit")
struct WrongUserTests {
  private let reason = #"connection failed: FATAL:  Peer authentication failed for user "ccs_jobstore_admin""#

  @Test("The command line of the right user")
  func advice() {
    let line = ["users", "add", #"DOMAIN\ann"#, "--role=it's"]
    #expect(
      WrongUser.advice(reason, user: "ann", usesSudo: true, line: line)
        == "the database admits ccs_jobstore_admin to the system user of that name only, and you are ann; run: "
        + #"sudo -u ccs_jobstore_admin ccs-jobstore users add 'DOMAIN\ann' '--role=it'\''s'"#)
    let withoutSudo = WrongUser.advice(reason, user: "root", usesSudo: false, line: ["audit"])
    #expect(withoutSudo?.hasSuffix("run: runuser -u ccs_jobstore_admin -- ccs-jobstore audit") == true)
  }

  @Test("Other reasons stay as they are")
  func others() {
    for reason in ["", "Connection refused", #"FATAL:  role "ccs_jobstore_admin" does not exist"#] {
      #expect(WrongUser.advice(reason, user: "ann", usesSudo: true, line: []) == nil)
    }
  }
}
