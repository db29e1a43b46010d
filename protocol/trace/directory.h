// A responder's directory for one day (cryptography.md D; docs/design/trace.md, Days and
// directories): making it, in slices, and finding a record in it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/pseudonym.h"
#include "crypto/trace_record.h"
#include "protocol/trace/messages.h"

namespace hedgerow::protocol::trace {

struct Directory {
  SecretScalar secret;  // d
  DirectoryHeader header;
  std::vector<TraceRecord> records;  // sorted by tag

  Bytes chunk(std::uint32_t number) const;  // records_in(number) of them, one after the other
};

// One record a child, whatever else there is to do:
//
//   DirectoryBuilder b(..., rng);
//   while (b.left() != 0) b.add(512);        56 microseconds a child
//   Directory d = std::move(b).finish(rng);
class DirectoryBuilder {
 public:
  // At most kMaxRecords children, `contact` at most kMaxTraceContact bytes (HR_CHECK). d is drawn.
  DirectoryBuilder(Lineage lineage, PartyId responder, std::int32_t day,
                   WipingVector<Pseudonym> children, std::string contact, Random& rng);

  std::int32_t day() const { return day_; }
  std::size_t left() const { return children_.size() - next_; }
  // At most so many children more.
  void add(std::size_t children);
  // Fills up to the bucket with random records. None may be left (HR_CHECK). Single use.
  Directory finish(Random& rng) &&;

 private:
  Lineage lineage_;
  PartyId responder_;
  std::int32_t day_;
  WipingVector<Pseudonym> children_;
  std::string contact_;
  SecretScalar secret_;
  std::size_t next_ = 0;
  std::vector<TraceRecord> records_;
};

// The record with this tag among those of a chunk, sorted by tag; nothing where there is none.
// `run` is whole records.
std::optional<ByteView> find_record(ByteView run, const TraceTag& tag);

// RFC 6962 root over whole records, chunk after chunk.
class DirectoryRoot {
 public:
  void add(ByteView run);
  std::uint64_t records() const { return tree_.size(); }
  MerkleHash root() const { return tree_.root(); }

 private:
  MerkleTree tree_;
};

}  // namespace hedgerow::protocol::trace
