import CMicroHTTPD

/// Requests whose body a task reads while it arrives.
extension HTTPSDaemon {
  func startStreaming(
    _ exchange: Exchange, _ connection: OpaquePointer, _ request: Request, _ plan: RequestPlan,
    _ respond: @escaping @Sendable (Request, BodyStream) async -> Response
  ) -> MHD_Result {
    guard inFlight.enter(limit: settings.requestsInFlight) else {
      let busy = busy(exchange)
      exchange.state.withLock { $0.refusal = busy }
      return Self.isAnsweredUnread(request.headers) ? queue(busy, for: exchange, on: connection) : .YES
    }
    let key = UInt(bitPattern: connection)
    registry.enter(.upload, connection: key)
    let stream = BodyStream(limit: plan.bodyLimit, connection: connection)
    exchange.state.withLock { state in
      state.stage = .deciding
      state.stream = stream
    }
    stream.begin()
    // Not on the executor of the others, which must not be kept busy: these read what they get.
    let task = Task { [inFlight] in
      stream.answer(await respond(request, stream))
      inFlight.leave()
    }
    registry.attach(task, reading: stream, to: key)
    return .YES
  }

  /// The task has asked for the body, or has its answer without it. Nothing of the body has been read.
  func admit(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
    let (answer, waits) = exchange.state.withLock { state -> (Response?, Bool) in
      state.stage = .streaming
      return (state.stream?.answer, state.request.map { Self.isAnsweredUnread($0.headers) } ?? false)
    }
    // Others send their body whatever happens, and listen only then.
    guard let answer, waits else { return .YES }
    registry.enter(.response, connection: UInt(bitPattern: connection))
    return queue(answer, for: exchange, on: connection)
  }

  func stream(
    _ piece: UnsafeRawBufferPointer, for exchange: Exchange, on connection: OpaquePointer
  ) -> MHD_Result {
    let (stream, received, limit) = exchange.state.withLock { state in
      state.received += piece.count
      return (state.stream, state.received, state.plan?.bodyLimit ?? 0)
    }
    guard received <= limit + Self.mostDiscarded else { return .NO }
    if received > limit { stream?.fail(.tooLarge) }
    stream?.append(piece)
    registry.progressed(UInt(bitPattern: connection), answered: stream?.answer != nil)
    return .YES
  }

  /// The body is whole; called again when the answer is there.
  func finish(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
    guard let stream = exchange.state.withLock({ $0.stream }) else { return .NO }
    guard let answer = stream.finish() else { return .YES }
    registry.enter(.response, connection: UInt(bitPattern: connection))
    return queue(answer, for: exchange, on: connection)
  }
}
