import TestRandom
import Testing

@testable import HTTPServer

private typealias Head = ExchangeStateMachine.Head
private typealias Actions = ExchangeStateMachine.Actions

private let limit = 1000
private let huge = ExchangeStateMachine.mostDiscarded + 1
private let tooLarge = ExchangeStateMachine.Outgoing.fault(.bodyTooLarge(limit: limit))

private func head(
  _ reception: Head.Reception, limit: Int = limit, length: Int = 0, expects: Bool = false
) -> Head {
  Head(reception: reception, bodyLimit: limit, declaredLength: length, expectsContinue: expects)
}

/// A head, and what follows from it.
struct FirstCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let head: ExchangeStateMachine.Head
  var hasRoom = true
  let actions: ExchangeStateMachine.Actions
}

private let firstCases: [FirstCase] = [
  FirstCase(
    testDescription: "the body of a refused request is read first", head: head(.refused, length: 5),
    actions: Actions(entered: .body)),
  FirstCase(
    testDescription: "unless the client waits for 100 Continue", head: head(.refused, expects: true),
    actions: Actions(entered: .response, sends: .plannedRefusal)),
  FirstCase(
    testDescription: "or the body is huge", head: head(.refused, length: huge),
    actions: Actions(entered: .response, sends: .plannedRefusal)),
  FirstCase(
    testDescription: "a whole body is received", head: head(.whole, length: limit, expects: true),
    actions: Actions(entered: .body)),
  FirstCase(
    testDescription: "one that is too large is discarded", head: head(.whole, length: limit + 1),
    actions: Actions(entered: .body)),
  FirstCase(
    testDescription: "or refused at once", head: head(.streaming, length: limit + 1, expects: true),
    actions: Actions(entered: .response, sends: tooLarge)),
  FirstCase(
    testDescription: "a streamed body waits for its reader", head: head(.streaming),
    actions: Actions(entered: .upload, suspends: true, starts: true)),
  FirstCase(
    testDescription: "if there is room", head: head(.streaming), hasRoom: false,
    actions: Actions(entered: .body)),
]

@Suite("The course of an exchange")
struct ExchangeStateMachineTests {
  @Test(
    "What follows from a head", arguments: firstCases)
  func first(item: FirstCase) {
    var machine = ExchangeStateMachine()
    #expect(machine.headReceived(item.head) { item.hasRoom } == item.actions)
    #expect(machine.hasBegun)
  }

  @Test("A whole request: received, worked on while suspended, answered, over")
  func whole() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.whole)) { true }
    #expect(machine.arrived(600, hasMemory: { true }) == Actions(keeps: true))
    #expect(machine.arrived(400, hasMemory: { true }) == Actions(keeps: true))
    #expect(machine.called { true } == Actions(entered: .request, suspends: true, starts: true))
    #expect(machine.isWorking)
    #expect(machine.answered() == Actions(entered: .response, resumes: true))
    #expect(machine.called { true } == Actions(sends: .answer))
    #expect(machine.called { true } == Actions())
    #expect(machine.ended() == Actions(entered: .idle))
    #expect(machine.received == 1000)
  }

  @Test("Without room a whole request is refused once its body is whole")
  func busy() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.whole)) { true }
    #expect(machine.called { false } == Actions(entered: .response, sends: .fault(.busy)))
  }

  @Test(
    "A body that turns out to be too large is discarded, and past a bound the connection cut with the answer")
  func bodyTooLarge() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.whole)) { true }
    #expect(machine.arrived(limit + 1, hasMemory: { true }) == Actions(drops: true))
    #expect(machine.arrived(1, hasMemory: { true }) == Actions())
    var other = machine
    #expect(other.called { true } == Actions(entered: .response, sends: tooLarge))
    #expect(
      machine.arrived(huge, hasMemory: { true }) == Actions(entered: .response, sends: tooLarge, cuts: true))
  }

  @Test(
    "A body that means nothing is not kept; one that finds no memory is discarded, and the request refused")
  func unkept() {
    var ignoring = ExchangeStateMachine()
    _ = ignoring.headReceived(head(.ignored)) { true }
    #expect(ignoring.arrived(limit, hasMemory: { true }) == Actions())
    #expect(ignoring.called { true } == Actions(entered: .request, suspends: true, starts: true))

    var whole = ExchangeStateMachine()
    _ = whole.headReceived(head(.whole)) { true }
    #expect(whole.arrived(1, hasMemory: { true }) == Actions(keeps: true))
    #expect(whole.arrived(1, hasMemory: { false }) == Actions(drops: true))
    #expect(whole.called { true } == Actions(entered: .response, sends: .fault(.busy)))

    var upload = ExchangeStateMachine()
    _ = upload.headReceived(head(.streaming)) { true }
    _ = upload.asked()
    #expect(upload.arrived(1, hasMemory: { false }).delivery == .failure(.noMemory))
  }

  @Test("A body that is read on demand, as a whole, is worked on from its end")
  func onDemand() {
    var machine = ExchangeStateMachine()
    let first = machine.headReceived(head(.onDemand)) { true }
    #expect(first == Actions(entered: .upload, suspends: true, starts: true))
    #expect(machine.asked() == Actions(resumes: true))
    #expect(machine.called { false } == Actions())
    #expect(machine.arrived(10, hasMemory: { true }) == Actions(keeps: true))
    #expect(machine.called { false } == Actions(entered: .request, suspends: true, delivery: .bytes))
    #expect(!machine.isUploading)
    #expect(machine.asked() == Actions(delivery: .end))
    #expect(machine.answered() == Actions(resumes: true, drops: true))
  }

  @Test(
    "What is malformed in a body is answered within it, unless there is an answer",
    arguments: [
      (ExchangeStateMachine.Head.Reception.refused, ExchangeStateMachine.Outgoing.plannedRefusal),
      (.whole, .fault(.malformed(.chunkEnd))), (.streaming, .fault(.malformed(.chunkEnd))),
    ])
  func malformed(reception: ExchangeStateMachine.Head.Reception, outgoing: ExchangeStateMachine.Outgoing) {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(reception)) { true }
    let actions = machine.malformed(.malformed(.chunkEnd))
    #expect(actions.sends == outgoing)
    #expect(actions.cuts)
    #expect(machine.malformed(.malformed(.chunkEnd)) == Actions())
  }

  @Test("An upload: read on demand, answered when the body is whole")
  func upload() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming)) { true }
    #expect(machine.asked() == Actions(resumes: true))
    #expect(machine.called { true } == Actions())
    #expect(machine.arrived(10, hasMemory: { true }) == Actions(keeps: true))
    #expect(machine.called { true } == Actions(suspends: true, delivery: .bytes))
    #expect(machine.isUploadSuspended)
    #expect(machine.asked() == Actions(delivery: .end))
    #expect(machine.answered() == Actions(resumes: true, drops: true))
    #expect(machine.called { true } == Actions(entered: .response, sends: .answer))
  }

  @Test("An upload that is refused before its body is read is answered at once, if the client waits for it")
  func uploadRefused() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming, expects: true)) { true }
    #expect(machine.answered() == Actions(resumes: true, drops: true))
    #expect(machine.called { true } == Actions(entered: .response, sends: .answer))

    var other = ExchangeStateMachine()
    _ = other.headReceived(head(.streaming, length: 5)) { true }
    _ = other.answered()
    #expect(other.called { true } == Actions())
    #expect(other.arrived(5, hasMemory: { true }) == Actions(entered: .body))
    #expect(other.called { true } == Actions(entered: .response, sends: .answer))
  }

  @Test("An upload that is too large ends for its reader, and its rest is discarded up to a bound")
  func uploadTooLarge() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming)) { true }
    _ = machine.asked()
    _ = machine.called { true }
    #expect(machine.arrived(limit + 1, hasMemory: { true }).delivery == .failure(.tooLarge))
    #expect(machine.arrived(1, hasMemory: { true }) == Actions())
    #expect(
      machine.arrived(huge, hasMemory: { true }) == Actions(entered: .response, sends: tooLarge, cuts: true))
  }

  @Test("A body that is whole after its reader was refused it or cancelled suspends the connection once")
  func wholeAfterFailure() {
    for isTooLarge in [true, false] {
      var machine = ExchangeStateMachine()
      _ = machine.headReceived(head(.streaming)) { true }
      _ = machine.asked()
      _ = machine.called { true }
      if isTooLarge {
        _ = machine.arrived(limit + 1, hasMemory: { true })
      } else {
        _ = machine.readingCancelled()
      }
      #expect(machine.called { true } == Actions(suspends: true))
      #expect(machine.answered() == Actions(resumes: true, drops: true))
      #expect(machine.called { true } == Actions(entered: .response, sends: .answer))
    }
  }

  @Test("An early answer cuts the connection if more than a bound of the body is to come")
  func earlyAnswer() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming, limit: 4 * huge, length: huge + 19)) { true }
    _ = machine.asked()
    _ = machine.called { true }
    _ = machine.arrived(10, hasMemory: { true })
    _ = machine.answered()
    var other = machine
    #expect(
      machine.arrived(9, hasMemory: { true }) == Actions(entered: .response, sends: .answer, cuts: true))
    #expect(other.arrived(10, hasMemory: { true }) == Actions(entered: .body))
  }

  @Test("A body without a declared length is discarded up to a bound that counts from the answer")
  func discardedSinceAnswer() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming, limit: 4 * huge)) { true }
    _ = machine.asked()
    _ = machine.called { true }
    _ = machine.arrived(2 * huge, hasMemory: { true })
    _ = machine.answered()
    #expect(machine.arrived(huge - 1, hasMemory: { true }) == Actions(entered: .body))
    #expect(
      machine.arrived(1, hasMemory: { true }) == Actions(entered: .response, sends: .answer, cuts: true))
  }

  @Test("A client that goes ends the task and its reading")
  func gone() {
    var machine = ExchangeStateMachine()
    _ = machine.headReceived(head(.streaming)) { true }
    _ = machine.asked()
    #expect(
      machine.ended() == Actions(entered: .idle, delivery: .failure(.disconnected), cancels: true))
    #expect(machine.asked() == Actions(delivery: .failure(.disconnected)))
    #expect(machine.answered() == Actions())
    #expect(machine.readingCancelled() == Actions())
  }

  @Test("Whatever happens in whatever order, the connection is suspended, resumed and answered as it must be")
  func randomWalks() {
    for seed in 1...4000 { walk(seed: UInt64(seed)) }
  }

  /// One exchange with a client, a reader and a task that behave at random within what they may do.
  private func walk(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var machine = ExchangeStateMachine()
    var (isSuspended, isTaskRunning, isReading, isBodyBegun, isBodyWhole) = (
      false, false, false, false, false
    )
    var (answers, cuts, places) = (0, 0, 0)
    var phases: [ConnectionDeadlines.Phase] = []
    var mustCall = false

    func follow(_ actions: Actions) {
      if let phase = actions.entered {
        #expect(phases.last != phase, "seed \(seed): a phase is entered once")
        phases.append(phase)
      }
      if actions.suspends {
        #expect(!isSuspended, "seed \(seed): suspended twice")
        isSuspended = true
      }
      if actions.starts {
        #expect(!isTaskRunning && answers == 0, "seed \(seed): started twice")
        isTaskRunning = true
      }
      if actions.delivery != nil {
        #expect(isReading, "seed \(seed): delivered to nobody")
        isReading = false
      }
      if actions.resumes {
        #expect(isSuspended, "seed \(seed): resumed without having been suspended")
        isSuspended = false
        // Within the body libmicrohttpd goes on reading.
        mustCall = !isBodyBegun || isBodyWhole
      }
      if actions.sends != nil {
        #expect(!isSuspended, "seed \(seed): sent while suspended")
        answers += 1
      }
      if actions.cuts { cuts += 1 }
    }
    /// libmicrohttpd calls again and again for a body that is whole, unless it is given an answer or suspended.
    func callWhole() {
      let actions = machine.called(hasRoom: room)
      #expect(actions.sends != nil || actions.suspends, "seed \(seed): a thread spins")
      follow(actions)
    }
    func memory() -> Bool { Int.random(in: 0..<30, using: &random) > 0 }
    func room() -> Bool {
      places += 1
      return Int.random(in: 0..<8, using: &random) > 0
    }

    let reception: [Head.Reception] = [.refused, .ignored, .whole, .onDemand, .streaming, .streaming]
    let head = Head(
      reception: reception.randomElement(using: &random)!,
      bodyLimit: [limit, 4 * huge].randomElement(using: &random)!,
      declaredLength: [0, 500, 2000, huge + 300_000].randomElement(using: &random)!,
      expectsContinue: Bool.random(using: &random))
    follow(machine.headReceived(head, hasRoom: room))
    for _ in 0..<60 where cuts == 0 {
      switch Int.random(in: 0..<8, using: &random) {
      // The connection's thread, which sleeps while the connection is suspended.
      case 0...2 where !isSuspended && answers == 0:
        if mustCall {
          mustCall = false
          isBodyBegun = true
          if isBodyWhole { callWhole() } else { follow(machine.called(hasRoom: room)) }
        } else if !isBodyWhole, Int.random(in: 0..<4, using: &random) > 0 {
          let isHuge = Int.random(in: 0..<20, using: &random) == 0
          follow(
            machine.arrived(isHuge ? huge : Int.random(in: 1...200_000, using: &random), hasMemory: memory))
        } else {
          isBodyWhole = true
          callWhole()
        }
      // The task, which does not read and answer at the same time.
      case 3...4 where isTaskRunning && !isReading && [.streaming, .onDemand].contains(head.reception):
        isReading = true
        follow(machine.asked())
      case 5 where isTaskRunning && !isReading:
        isTaskRunning = false
        follow(machine.answered())
      case 6 where isTaskRunning && Int.random(in: 0..<10, using: &random) == 0:
        follow(machine.readingCancelled())
      case 7 where !isSuspended && answers == 0 && Int.random(in: 0..<20, using: &random) == 0:
        follow(machine.malformed(.malformed(.chunkEnd)))
      default: break
      }
      #expect(places <= 1, "seed \(seed): a place is taken at most once")
      // A reader that waits and a connection that is not read would wait for each other.
      #expect(!(isReading && isSuspended), "seed \(seed): stuck")
    }
    // Left alone, the task answers, and so does the exchange.
    if isReading {
      follow(machine.readingCancelled())
      #expect(!isReading, "seed \(seed): a cancelled reader still waits")
    }
    if isTaskRunning { follow(machine.answered()) }
    for _ in 0..<3 where answers == 0 {
      #expect(!isSuspended, "seed \(seed): suspended for ever")
      follow(machine.called { true })
      if isTaskRunning || machine.isWorking { follow(machine.answered()) }
    }
    #expect(answers == 1, "seed \(seed): answered once")
    follow(machine.ended())
    #expect(phases.last == .idle)
    #expect(Set(phases).count == phases.count, "seed \(seed): a phase is entered once")
  }
}
