#include "tests/simulation/tracing.h"

#include "crypto/hash.h"
#include "protocol/trace/messages.h"
#include "tests/simulation/children.h"

namespace hedgerow::simulation {

using nlohmann::json;
using protocol::MessageType;

namespace {

constexpr int kWaitSeconds = 120;
constexpr std::size_t kTries = 40;

Bytes statement(const Region& region, const Person& by, MessageType type, const SessionId& id,
                UtcTime not_after, ByteView said) {
  const AgreementHash hash{sha256(as_bytes(region.identities().agreement))};
  return protocol::trace::sign(by.key, by.certificate, type, Lineage::parse("vale-cse").value(),
                               hash, id, not_after, said)
      .encode();
}

}  // namespace

json Tracing::request(const Region& region) const {
  const Bytes s = statement(region, region.identities().practitioners.at(home_),
                            MessageType::trace_request, *id_, not_after_, order_);
  return {{"command", "trace-signed"}, {"id", id_->hex()}, {"statement", to_base64(s)}};
}

json Tracing::approval(const Region& region) const {
  const Bytes s =
      statement(region, region.identities().approvers.at(home_), MessageType::trace_approval, *id_,
                not_after_, sha256_id(request_).view());
  return {{"command", "trace-approve"}, {"id", id_->hex()}, {"statement", to_base64(s)}};
}

json Tracing::collect(const Region& region) const {
  const Bytes s =
      statement(region, region.identities().practitioners.at(home_), MessageType::trace_collect,
                *id_, region.now() + std::chrono::minutes(5), {});
  return {{"command", "trace-result"},
          {"id", id_->hex()},
          {"statement", to_base64(s)},
          {"wait_s", kWaitSeconds}};
}

core::ConnectionId Tracing::begin(Region& region) {
  switch (stage_) {
    case Stage::prepare:
      break;
    case Stage::sign: {
      const json r = request(region);
      request_ = *from_base64(r.at("statement").get<std::string>());
      return region.command(home_, r);
    }
    case Stage::approve:
      return region.command(home_, approval(region));
    case Stage::collect:
      return region.command(home_, collect(region));
  }
  return region.command(home_,
                        {{"command", "trace-request"},
                         {"purpose", kTracePurpose},
                         {"legal_basis", kTraceBasis},
                         {"reason", "A strategy meeting"}},
                        nhs_number(child_) + "\nCASE-" + std::to_string(child_) + "\n");
}

bool Tracing::on(const Outcome& o) {
  if (!o.result) {
    // Unknown here: its node ended before it was durable. Done before: it goes on.
    const bool unknown = o.error && o.error->code == Code::bad_input && stage_ != Stage::prepare;
    const bool known = o.error && o.error->text.find("already") != std::string::npos;
    if (unknown) stage_ = Stage::prepare;
    if (known) stage_ = stage_ == Stage::sign ? Stage::approve : Stage::collect;
    return false;
  }
  switch (stage_) {
    case Stage::prepare:
      id_ = SessionId::from(*from_hex(o.result->at("id").get<std::string>())).value();
      order_ = *from_base64(o.result->at("order").get<std::string>());
      not_after_ = from_unix_ms(o.result->at("not_after").get<std::int64_t>());
      stage_ = Stage::sign;
      return false;
    case Stage::sign:
      stage_ = Stage::approve;
      return false;
    case Stage::approve:
      stage_ = Stage::collect;
      return false;
    case Stage::collect:
      break;
  }
  result_ = *o.result;
  return result_.value("complete", false) || result_.value("over", false);
}

std::optional<json> trace(Region& region, const std::string& home, std::size_t child) {
  Tracing tracing(home, child);
  for (std::size_t i = 0; i < kTries; ++i) {
    if (!region.run_until([&] { return region.is_up(home); }, std::chrono::seconds(60))) return {};
    const auto command = tracing.begin(region);
    const Outcome o = region.wait(command);
    if (!o.ended()) region.hang_up(command);
    if (tracing.on(o)) return tracing.result();
    if (o.error && o.error->code == Code::denied &&
        o.error->text.find("already") == std::string::npos)
      return {};
    if (!o.result) region.run_for(std::chrono::seconds(10));
  }
  return {};
}

std::string traced_status(const json& result, const std::string& party) {
  for (const json& p : result.at("parties"))
    if (p.value("party", "") == party) return p.value("status", "");
  return {};
}

}  // namespace hedgerow::simulation
