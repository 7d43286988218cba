extension Collection {
  /// The first elements that have a size together, but at least one if there is any.
  ///
  /// - Parameters:
  ///   - most: Of the sum of their sizes.
  ///   - size: Of an element, from 0.
  public func prefix(upTo most: Int, of size: (Element) -> Int) -> SubSequence {
    var sum: Int?
    return prefix(while: { element in
      let next = (sum ?? 0) + size(element)
      guard sum == nil || next <= most else { return false }
      sum = next
      return true
    })
  }
}
