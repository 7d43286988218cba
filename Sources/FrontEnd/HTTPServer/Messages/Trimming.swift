extension StringProtocol where UTF8View: BidirectionalCollection {
  /// Whether it certainly begins and ends with something other than white space: a quick check for ASCII.
  @inlinable public var isTrimmed: Bool {
    guard let first = utf8.first, let last = utf8.last else { return false }
    return (0x21...0x7E).contains(first) && (0x21...0x7E).contains(last)
  }

  /// Without white space at both ends.
  @inlinable public var trimmed: SubSequence {
    if isTrimmed { return self[startIndex..<endIndex] }
    guard let start = firstIndex(where: { !$0.isWhitespace }),
      let end = lastIndex(where: { !$0.isWhitespace })
    else { return self[startIndex..<startIndex] }
    return self[start...end]
  }
}
