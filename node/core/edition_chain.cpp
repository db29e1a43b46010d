#include "node/core/edition_chain.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/core/hub_rows.h"

namespace hedgerow::core {

namespace {

Result<protocol::EditionLink> link_of(store::LineageStore& store, const store::EditionRecord& e) {
  protocol::EditionLink link{e.sequence, e.grant, e.table, e.period, sha256_id(e.edition), {}, {}};
  if (e.sequence > 1) {
    HR_ASSIGN(const auto before, store.editions().get(e.sequence - 1));
    if (!before) return configuration("the chain of released editions has a gap");
    HR_ASSIGN(link.previous_head, Sha256::from(before->head));
  }
  HR_ASSIGN(link.head, Sha256::from(e.head));
  return link;
}

}  // namespace

Result<Sha256> editions_head(store::LineageStore& store) {
  HR_ASSIGN(const auto head, store.editions().head());
  if (!head) return Sha256{};
  return Sha256::from(head->head);
}

Result<protocol::EditionLink> next_link(store::LineageStore& store,
                                        const protocol::sum::Manifest& m, const Sha256& edition) {
  HR_ASSIGN(const auto head, store.editions().head());
  protocol::EditionLink link{
      head ? head->sequence + 1 : 1, m.grant, m.table, m.period, edition, {}, {}};
  if (head) {
    HR_ASSIGN(link.previous_head, Sha256::from(head->head));
  }
  link.head = protocol::chain_head(link);
  return link;
}

Result<std::vector<protocol::EditionLink>> unpublished_links(store::LineageStore& store) {
  std::vector<protocol::EditionLink> links;
  HR_ASSIGN(const auto head, store.editions().head());
  for (std::uint64_t n = head ? head->sequence : 0; n > 0; --n) {
    HR_ASSIGN(const bool published, is_published(store, n));
    // What follows a published edition was accepted with it: contributors take them in order.
    if (published || links.size() == protocol::kMaxAnswerEditions) break;
    HR_ASSIGN(const auto e, store.editions().get(n));
    if (!e) return configuration("the chain of released editions has a gap");
    HR_ASSIGN(auto link, link_of(store, *e));
    links.insert(links.begin(), std::move(link));
  }
  return links;
}

Result<std::vector<protocol::EditionLink>> unpublished_links(
    store::LineageStore& store, const std::string& grant, const std::string& table,
    const std::vector<policies::Period>& periods) {
  std::vector<protocol::EditionLink> links;
  for (const auto& period : periods) {
    HR_ASSIGN(const auto e, store.editions().find(grant, table, period.label()));
    HR_CHECK(e.has_value());
    HR_ASSIGN(const bool published, is_published(store, e->sequence));
    if (published) continue;
    HR_ASSIGN(auto link, link_of(store, *e));
    links.push_back(std::move(link));
  }
  std::sort(links.begin(), links.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return links;
}

}  // namespace hedgerow::core
