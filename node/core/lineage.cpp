#include "node/core/lineage.h"

namespace hedgerow::core {

Result<std::optional<LineageContext>> read_context(const PartyId& self, store::LineageStore store,
                                                   const policies::CodeList& codes) {
  HR_ASSIGN(const auto record, store.agreements().latest());
  if (!record) return std::optional<LineageContext>();
  HR_ASSIGN(auto agreement,
            policies::parse_agreement(record->bytes, store.lineage().str() + ".toml", codes));
  std::vector<Certificate> certificates;
  HR_ASSIGN(const auto rows, store.agreements().certificates());
  for (const auto& row : rows) {
    HR_ASSIGN(auto c, Certificate::decode_pem(as_bytes(row.pem)));
    certificates.push_back(std::move(c));
  }
  // Chains were checked when they came; dates are checked at every use.
  HR_ASSIGN(auto peers, Peers::restore(agreement, certificates));
  HR_ASSIGN(const auto lists, store.revocations().list());
  for (const auto& row : lists) {
    HR_ASSIGN(auto list, RevocationList::decode_der(row.list));
    if (peers.find(row.party) != nullptr) peers.set_revoked(row.party, std::move(list));
  }
  return std::optional<LineageContext>(
      {self, std::move(agreement), std::move(peers), std::move(store)});
}

}  // namespace hedgerow::core
