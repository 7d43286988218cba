import Authorization
import FoundationEssentials
import HTTPServer

/// The token endpoints, RFC 6749 and RFC 7009, with the habits of the known clients.
struct TokenHandlers: Sendable {
  let signIn: SignIn

  /// `POST /oauth/tokens`.
  @Sendable func issue(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    do {
      let tokens = try await signIn.issue(try TokenForm(request.body).grant(), &context)
      var response = Response.json(
        200,
        .object {
          $0.add("access_token", tokens.accessToken)
          $0.add("token_type", "bearer")
          $0.add("expires_in", tokens.expiresIn)
          $0.add("refresh_token", tokens.refreshToken)
        })
      response.headers += Self.noStore
      return response
    } catch let mistake as TokenForm.Mistake {
      return Self.error(400, mistake.code, mistake.description)
    } catch let refusal as TokenRefusal {
      switch refusal {
      case .invalidGrant(let description): return Self.error(400, "invalid_grant", description)
      case .slowedDown(let seconds):
        var response = Self.error(
          429, "invalid_grant", "Too many logins have failed. Try again in \(seconds) seconds.")
        response.headers.append(("Retry-After", String(seconds)))
        return response
      case .other(let refusal): throw refusal
      }
    }
  }

  /// `POST /oauth/revoke`.
  @Sendable func revoke(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    do {
      try await signIn.revoke(token: try TokenForm(request.body).revokedToken())
      return Response(status: 200, headers: Self.noStore)
    } catch let mistake as TokenForm.Mistake {
      return Self.error(400, mistake.code, mistake.description)
    }
  }

  private static let noStore =
    [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    as [(name: String, value: String)]

  /// RFC 6749, section 5.2.
  private static func error(_ status: Int, _ code: String, _ description: String) -> Response {
    var response = Response.json(
      status,
      .object {
        $0.add("error", code)
        $0.add("error_description", description)
      })
    response.headers += noStore
    response.detail = description
    return response
  }
}
