import FoundationEssentials

/// A user whom an access token has proved.
public struct Caller: Sendable, Equatable {
  public let userID: UUID
  public let userName: String

  public init(userID: UUID, userName: String) {
    self.userID = userID
    self.userName = userName
  }
}
