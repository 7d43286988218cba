import FoundationEssentials
import Synchronization

/// The places of the uploads under way, shared by all gates of the server.
public final class UploadSlots: Sendable {
  private struct State {
    var table = UploadTable()
    /// How each upload is told to end.
    var endings: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())
  private let epoch = ContinuousClock.now

  public init() {}

  /// One upload's place. `giveBack` must follow.
  struct Slot: Sendable {
    fileprivate let slots: UploadSlots
    fileprivate let number: Int

    func received(_ bytes: Int) { slots.state.withLock { $0.table.received(bytes, of: number) } }

    /// Whether the upload has been ended in favour of another.
    var gaveWay: Bool { slots.state.withLock { $0.table.uploads[number]?.gaveWay ?? false } }

    func giveBack() {
      slots.state.withLock {
        $0.table.end(number)
        $0.endings[number] = nil
      }
    }
  }

  /// - Parameter end: Ends the upload in favour of another; any thread may call it.
  /// - Returns: nil if there is no place and no other upload has to give way.
  func take(caller: String, run: UUID, limit: Int, end: @escaping @Sendable () -> Void) -> Slot? {
    let (number, endOther) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
      let now = epoch.duration(to: .now)
      let (admission, number) = state.table.admit(caller: caller, run: run, now: now, limit: limit)
      if let number { state.endings[number] = end }
      guard case .admittedFor(let other) = admission else { return (number, nil) }
      return (number, state.endings[other])
    }
    endOther?()
    return number.map { Slot(slots: self, number: $0) }
  }
}
