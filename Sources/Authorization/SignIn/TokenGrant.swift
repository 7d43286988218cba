/// What a client asks the token endpoint for.
public enum TokenGrant: Sendable, Equatable {
  /// RFC 6749, section 4.3. The password is decoded from the Base64 that the documents ask for.
  case password(userName: String, password: [UInt8])
  /// RFC 6749, section 6.
  case refresh(token: String)
}

/// What the token endpoint answers, RFC 6749, section 5.1.
public struct IssuedTokens: Sendable {
  public let userName: String
  public let accessToken: String
  public let refreshToken: String
  /// The access token's lifetime in seconds.
  public let expiresIn: Int
}

/// Why no token was issued.
public enum TokenRefusal: Error, Sendable, Equatable {
  /// Wrong user or password, or an invalid refresh token: `invalid_grant`.
  case invalidGrant(String)
  /// Too many failures; try again after this many seconds.
  case slowedDown(seconds: Int)
  case other(Refusal)
}
