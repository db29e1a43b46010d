#include "node/core/duty_contact.h"

namespace hedgerow::core {

namespace {

std::string cut(std::string text) {
  if (text.size() <= store::kMaxDutyContact) return text;
  std::size_t size = store::kMaxDutyContact;
  // A byte 10xxxxxx of UTF-8 goes on with the character before it.
  while (size != 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  text.resize(size);
  return text;
}

}  // namespace

Result<ShownContact> shown_contact(LineageContext& lineage) {
  HR_ASSIGN(const auto own, lineage.store.duty_contact());
  if (own) return ShownContact{*own, true};
  const auto& contacts = lineage.own().contacts;
  const auto agreed = contacts.find("duty");
  return ShownContact{{agreed == contacts.end() ? "" : cut(agreed->second), ""}, false};
}

}  // namespace hedgerow::core
