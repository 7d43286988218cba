import Domain

// Why a collector cannot go on with a run: 404 when nothing is left of it, 409 when it is no longer the collector's.

extension Refusal {
  init(_ fault: LeaseFault, run: String) {
    switch fault {
    case .notFound:
      self = .notFound("The job run \(run) does not exist. It may have been purged, or its job deleted.")
    case .over(let status): self = .over(status)
    case .lost: self = .leaseLost
    case .unfinished(let kind, let batch, let rowsStored):
      let name =
        switch kind {
        case .messages: "messages"
        case .collectedData: "collected data"
        case .results: "results"
        }
      self = .conflict(
        "The batch \(batch) of the \(name) is incomplete: \(rowsStored) of its rows are stored. Send the whole batch again, then complete the run."
      )
    }
  }

  init(_ standing: ReportBatch.Standing, batch: ReportBatch) {
    switch standing {
    case .notFound:
      self = .notFound("The job run \(batch.runID.guidString) does not exist. It may have been purged.")
    case .over(let status): self = .over(status)
    case .overdue:
      self = .conflict("The run was aborted: it took longer than EndJobRunTimeInterval allows.")
    case .leaseLost: self = .leaseLost
    case .inherited(let expected):
      self = .conflict(
        "The batch \(batch.number) was stored by a collector that had the run before: the batch \(expected) is expected."
      )
    case .outOfOrder(let expected):
      self = .conflict("The batch \(batch.number) is out of order: the batch \(expected) is expected.")
    case .longer(let rowsStored):
      self = .conflict(
        "Of the batch \(batch.number) \(rowsStored) rows are stored, more than were sent now. Send the same lines again, and all of them."
      )
    case .open, .stored: self = .failed("a batch that is \(standing) was refused")
    }
  }

  private static let leaseLost = Refusal.conflict(
    "The lease is not valid for this run: it has expired, or another collector has claimed the run.")

  /// The run has ended.
  private static func over(_ status: JobRun.Status) -> Refusal {
    switch status {
    case .aborted: .conflict("The run was aborted.")
    case .completed: .conflict("The run was completed.")
    default: .conflict("The run has failed.")
    }
  }
}
