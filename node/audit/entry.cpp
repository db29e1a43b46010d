#include "node/audit/entry.h"

#include <algorithm>

namespace hedgerow::audit {

namespace {

constexpr ByteArray<4> kMagic = {'H', 'R', 'E', 1};
constexpr std::size_t kMinFieldSize = 8;  // two lengths

bool is_valid_entry_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxEntryName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

// The same for what is to be written and what was read.
Result<void> check(const Entry& entry) {
  if (!is_valid_entry_name(entry.kind)) return bad_input("log entry: not a valid kind");
  if (!entry.database.empty() && !is_valid_entry_name(entry.database))
    return bad_input("log entry: not a valid database name");
  if (entry.database.empty() && entry.generation != 0)
    return bad_input("log entry: a generation without a database");
  if (entry.fields.size() > kMaxEntryFields) return bad_input("log entry: too many fields");
  for (const auto& [key, value] : entry.fields) {
    if (!is_valid_entry_name(key)) return bad_input("log entry: not a valid field name");
    if (value.size() > kMaxEntryValue)
      return bad_input("log entry: the field " + key + " is too long");
  }
  return {};
}

}  // namespace

Entry& Entry::add(std::string key, std::string value) {
  fields.emplace_back(std::move(key), std::move(value));
  return *this;
}

std::string_view Entry::field(std::string_view key) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [key](const auto& f) { return f.first == key; });
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

Entry make_entry(std::string kind, UtcTime time, Random& rng) {
  Entry entry;
  rng.fill(entry.random);
  entry.time = time;
  entry.kind = std::move(kind);
  return entry;
}

Result<Bytes> encode(const Entry& entry) {
  HR_TRY(check(entry));
  Writer w;
  w.raw(kMagic)
      .raw(entry.random)
      .time(entry.time)
      .text(entry.database)
      .u64(entry.generation)
      .text(entry.kind)
      .u32(static_cast<std::uint32_t>(entry.fields.size()));
  for (const auto& [key, value] : entry.fields) w.text(key).text(value);
  return std::move(w).take();
}

Result<Entry> decode_entry(ByteView bytes) {
  Reader r(bytes);
  if (r.array<4>() != kMagic) return bad_input("log entry: of no known format");
  Entry entry;
  entry.random = r.array<32>();
  entry.time = r.time();
  entry.database = r.text(kMaxEntryName);
  entry.generation = r.u64();
  entry.kind = r.text(kMaxEntryName);
  const std::size_t count = r.count(kMaxEntryFields, kMinFieldSize);
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = r.text(kMaxEntryName);
    entry.add(std::move(key), r.text(kMaxEntryValue));
  }
  HR_TRY(r.finish("log entry"));
  HR_TRY(check(entry));
  return entry;
}

}  // namespace hedgerow::audit
