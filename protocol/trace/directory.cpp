#include "protocol/trace/directory.h"

#include <algorithm>

namespace hedgerow::protocol::trace {

namespace {

bool by_tag(const TraceRecord& a, const TraceRecord& b) {
  return std::ranges::lexicographical_compare(ByteView(a).first(kTraceTagSize),
                                              ByteView(b).first(kTraceTagSize));
}

}  // namespace

Bytes Directory::chunk(std::uint32_t number) const {
  Bytes run;
  const std::size_t first = std::size_t{number} * kChunkRecords;
  const std::size_t count = header.records_in(number);
  run.reserve(count * kTraceRecordSize);
  for (std::size_t i = first; i < first + count; ++i)
    run.insert(run.end(), records[i].begin(), records[i].end());
  return run;
}

DirectoryBuilder::DirectoryBuilder(Lineage lineage, PartyId responder, std::int32_t day,
                                   WipingVector<Pseudonym> children, std::string contact,
                                   Random& rng)
    : lineage_(std::move(lineage)),
      responder_(std::move(responder)),
      day_(day),
      children_(std::move(children)),
      contact_(std::move(contact)),
      secret_(random_scalar(rng)) {
  HR_CHECK(children_.size() <= kMaxRecords && contact_.size() <= kMaxTraceContact);
  records_.reserve(bucket_of(children_.size()));
}

void DirectoryBuilder::add(std::size_t children) {
  const std::size_t end = next_ + std::min(children, left());
  for (; next_ < end; ++next_) {
    const Element point = trace_point(lineage_, responder_, day_, children_[next_]);
    const auto evaluated = multiply(secret_, point);
    HR_CHECK(evaluated.ok());
    records_.push_back(seal_trace_record(trace_keys(point, *evaluated), contact_));
  }
}

Directory DirectoryBuilder::finish(Random& rng) && {
  HR_CHECK(left() == 0);
  const std::uint32_t bucket = bucket_of(records_.size());
  while (records_.size() < bucket) records_.push_back(random_trace_record(rng));
  std::ranges::sort(records_, by_tag);
  MerkleTree tree;
  for (const TraceRecord& r : records_) tree.append(leaf_hash(r));
  const auto key = multiply_base(secret_);
  HR_CHECK(key.ok());
  return {std::move(secret_), {day_, *key, bucket, tree.root()}, std::move(records_)};
}

std::optional<ByteView> find_record(ByteView run, const TraceTag& tag) {
  std::size_t low = 0;
  std::size_t high = run.size() / kTraceRecordSize;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const ByteView record = run.subspan(middle * kTraceRecordSize, kTraceRecordSize);
    const ByteView found = record.first(kTraceTagSize);
    if (std::ranges::equal(found, tag)) return record;
    if (std::ranges::lexicographical_compare(found, tag))
      low = middle + 1;
    else
      high = middle;
  }
  return std::nullopt;
}

void DirectoryRoot::add(ByteView run) {
  HR_CHECK(run.size() % kTraceRecordSize == 0);
  for (; !run.empty(); run = run.subspan(kTraceRecordSize))
    tree_.append(leaf_hash(run.first(kTraceRecordSize)));
}

}  // namespace hedgerow::protocol::trace
