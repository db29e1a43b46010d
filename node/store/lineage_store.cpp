#include "node/store/lineage_store.h"

#include "node/store/lineage_schema.h"
#include "node/store/row.h"

namespace hedgerow::store {

namespace {

constexpr std::string_view kLineageName = "lineage";
constexpr std::string_view kReferenceKey = "reference_key";
constexpr std::string_view kReidentificationKey = "reidentification_key";
constexpr std::string_view kDutyContact = "duty_contact";

Result<void> put_meta(Database& db, std::string_view name, ByteView value) {
  Statement s = db.prepare(
      "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2");
  return s.bind(1, name).bind(2, value).run();
}

Result<std::optional<Statement>> find_meta(Database& db, std::string_view name) {
  Statement s = db.prepare("SELECT value FROM meta WHERE name = ?1");
  HR_ASSIGN(const bool found, s.bind(1, name).step());
  if (!found) return std::optional<Statement>();
  return std::optional<Statement>(std::move(s));
}

}  // namespace

Result<LineageStore> LineageStore::create(const std::filesystem::path& path, const Lineage& lineage,
                                          const SecretBytes& key, Durability durability,
                                          Random& rng) {
  HR_ASSIGN(Database db, Database::open(path, key, OpenMode::create, durability, kLineageSchema));
  auto owned = std::make_unique<Database>(std::move(db));
  HR_TRY(owned->accept());  // nothing to doubt yet
  ReferenceKey reference_key = ReferenceKey::random(rng);
  HR_ASSIGN(Transaction t, Transaction::begin(*owned));
  HR_TRY(put_meta(*owned, kLineageName, as_bytes(lineage.str())));
  HR_TRY(put_meta(*owned, kReferenceKey, reference_key.expose()));
  HR_TRY(t.commit());
  return LineageStore(std::move(owned), lineage, std::move(reference_key));
}

Result<LineageStore> LineageStore::open(const std::filesystem::path& path, const Lineage& lineage,
                                        const SecretBytes& key, Durability durability) {
  HR_ASSIGN(Database db, Database::open(path, key, OpenMode::existing, durability, kLineageSchema));
  auto owned = std::make_unique<Database>(std::move(db));
  {
    HR_ASSIGN(const std::optional<Statement> name, find_meta(*owned, kLineageName));
    if (!name || as_text(name->blob_view(0)) != lineage.str())
      return configuration(path.string() + " is not the database of " + lineage.str(),
                           "put back the newest copy of the whole state folder");
  }
  ReferenceKey reference_key;
  {
    HR_ASSIGN(const std::optional<Statement> stored, find_meta(*owned, kReferenceKey));
    if (!stored || stored->blob_view(0).size() != ReferenceKey::kSize)
      return altered("reference key");
    reference_key = ReferenceKey::copy_from(stored->blob_view(0).first<ReferenceKey::kSize>());
  }
  return LineageStore(std::move(owned), lineage, std::move(reference_key));
}

Result<std::optional<ByteArray<32>>> LineageStore::reidentification_key() {
  HR_ASSIGN(const std::optional<Statement> stored, find_meta(*db_, kReidentificationKey));
  if (!stored) return std::optional<ByteArray<32>>();
  HR_ASSIGN(const ByteArray<32> key, stored->array<32>(0));
  return std::optional<ByteArray<32>>(key);
}

Result<void> LineageStore::set_reidentification_key(const ByteArray<32>& key) {
  return put_meta(*db_, kReidentificationKey, key);
}

Result<void> LineageStore::check(const DutyContact& d) {
  HR_TRY(check_line(d.contact, kMaxDutyContact, "the duty contact"));
  HR_TRY(check_line(d.hours, kMaxDutyContact, "the hours of the duty contact"));
  if (d.contact.size() + d.hours.size() > kMaxDutyContact)
    return bad_input("duty contact and hours are together longer than " +
                         std::to_string(kMaxDutyContact) + " bytes",
                     "say it shorter");
  return {};
}

// Two lines: neither text has a line's end in it.
Result<void> LineageStore::set_duty_contact(const DutyContact& d) {
  HR_TRY(check(d));
  const std::string lines = d.contact + "\n" + d.hours;
  return put_meta(*db_, kDutyContact, as_bytes(lines));
}

Result<std::optional<DutyContact>> LineageStore::duty_contact() {
  HR_ASSIGN(const std::optional<Statement> stored, find_meta(*db_, kDutyContact));
  if (!stored) return std::optional<DutyContact>();
  const std::string lines(as_text(stored->blob_view(0)));
  const std::size_t end = lines.find('\n');
  if (end == std::string::npos) return altered("duty contact");
  return std::optional(DutyContact{lines.substr(0, end), lines.substr(end + 1)});
}

}  // namespace hedgerow::store
