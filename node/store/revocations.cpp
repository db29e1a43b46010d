#include "node/store/revocations.h"

#include "node/store/row.h"

namespace hedgerow::store {

Result<void> Revocations::put(const RevocationRecord& r) {
  HR_TRY(check_size(r.list.size(), kMaxRevocationList, "a list of revoked certificates"));
  Statement s = db_->prepare(
      "INSERT INTO revocation_list (party, number, list) VALUES (?1, ?2, ?3)"
      " ON CONFLICT (party) DO UPDATE SET number = ?2, list = ?3 WHERE number < ?2");
  HR_TRY(s.bind(1, r.party.str()).bind(2, r.number).bind(3, ByteView(r.list)).run());
  if (db_->changed_rows() != 1)
    return bad_input("a list of revoked certificates with a number that is not above the last");
  return {};
}

Result<std::vector<RevocationRecord>> Revocations::list() {
  Statement s = db_->prepare("SELECT party, number, list FROM revocation_list ORDER BY party");
  std::vector<RevocationRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    RevocationRecord r;
    HR_ASSIGN(r.party, read_name<PartyId>(s, 0));
    r.number = s.unsigned_integer(1);
    r.list = s.blob(2);
    all.push_back(std::move(r));
  }
}

}  // namespace hedgerow::store
