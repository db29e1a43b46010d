#include "node/daemon/config.h"

#include <optional>

#include "crypto/hash.h"
#include "node/keys/files.h"
#include "policies/toml_document.h"

namespace hedgerow::daemon {

namespace {

constexpr const char* kMendHint = "mend the line; `hedgerowd --check-config` says when it is good";

std::string at(std::string_view source, const toml::source_region& where) {
  return std::string(source) + ":" + std::to_string(where.begin.line) + ":" +
         std::to_string(where.begin.column) + ": ";
}

bool looks_like_endpoint(std::string_view text) {
  return text.starts_with("tcp://") && text.size() > 6 && text.size() <= 255 && text.rfind(':') > 5;
}

Result<std::string> text_of(const toml::node& node, std::string_view key, std::string_view source) {
  const auto value = node.value<std::string_view>();
  if (!value)
    return configuration(at(source, node.source()) + std::string(key) + " must be a text in quotes",
                         kMendHint);
  return std::string(*value);
}

Result<SealPublicKey> key_of(const toml::node& node, std::string_view key, std::string_view command,
                             std::string_view source) {
  const auto value = node.value<std::string_view>();
  const auto bytes = value ? from_hex(*value) : std::nullopt;
  auto public_key = SealPublicKey::decode(bytes ? ByteView(*bytes) : ByteView());
  if (!public_key.ok())
    return configuration(
        at(source, node.source()) + std::string(key) + " is not a public key",
        "64 hexadecimal digits, as `hedgerow agency " + std::string(command) + "` prints");
  return public_key;
}

Result<std::array<SealPublicKey, 2>> officers_of(const toml::node& node, std::string_view source) {
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() != 2)
    return configuration(
        at(source, node.source()) + "trace_officers must be a list of two keys",
        "trace_officers = [\"...\", \"...\"], each from its officer, who made it with "
        "`hedgerow agency trace-officer`");
  std::array<SealPublicKey, 2> keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    HR_ASSIGN(keys[i], key_of(*list->get(i), "a trace officer's key", "trace-officer", source));
  }
  if (keys[0] == keys[1])
    return configuration(at(source, list->get(1)->source()) + "both trace officers have one key",
                         "neither of them is to open anything alone: two people, two keys");
  return keys;
}

Result<void> take(Config& config, const toml::key& key, const toml::node& node,
                  std::string_view source) {
  if (key == "trace_officers") {
    HR_ASSIGN(config.trace_officers, officers_of(node, source));
    return {};
  }
  HR_ASSIGN(std::string value, text_of(node, key.str(), source));
  if (key == "party") {
    auto party = PartyId::parse(value);
    if (!party.ok())
      return configuration(at(source, node.source()) + party.error().text,
                           party.error().hint.empty() ? kMendHint : party.error().hint);
    config.party = std::move(party).value();
  } else if (key == "hub" || key == "listen") {
    if (!looks_like_endpoint(value))
      return configuration(
          at(source, node.source()) + std::string(key.str()) + " is not an endpoint",
          "it has the form tcp://host:port");
    (key == "hub" ? config.hub : config.listen) = value;
  } else if (key == "reidentification") {
    HR_ASSIGN(config.reidentification, key_of(node, key.str(), "reidentification", source));
  } else {
    return configuration(at(source, key.source()) + "unknown key '" + std::string(key.str()) + "'",
                         "the keys are party, hub, listen, reidentification and trace_officers");
  }
  return {};
}

}  // namespace

Paths Paths::under(const std::filesystem::path& home) {
  if (home.empty())
    return {"/etc/hedgerow/hedgerow.toml", "/etc/hedgerow/restrictions.toml", "/var/lib/hedgerow",
            "/run/hedgerow", "/run/hedgerow-gateway"};
  return {home / "hedgerow.toml", home / "restrictions.toml", home, home / "run", home / "run"};
}

Result<Config> parse_config(std::string_view text, std::string_view source) {
  if (text.size() > kMaxConfigSize)
    return configuration(std::string(source) + ": larger than 64 KiB");
  // The agreements' parser: toml++ comes in one variant into one program.
  policies::Diagnostics diagnostics;
  const auto table = policies::parse_toml(text, diagnostics);
  if (!table) {
    const auto first = std::move(diagnostics).take_by_line().front();
    return configuration(std::string(source) + ":" + std::to_string(first.line) + ":" +
                             std::to_string(first.column) + ": " + first.text,
                         first.hint.empty() ? kMendHint : first.hint);
  }
  Config config;
  for (const auto& [key, node] : *table) HR_TRY(take(config, key, node, source));
  if (config.party.empty())
    return configuration(std::string(source) + ": party is missing",
                         "party is this agency's id in the agreement");
  if (config.hub.empty() == config.listen.empty())
    return configuration(std::string(source) + ": exactly one of hub and listen is needed",
                         "hub on a node that dials the hub; listen on the hub itself");
  return config;
}

Result<Config> load_config(const std::filesystem::path& file) {
  auto bytes = keys::read_public_file(file, kMaxConfigSize);
  if (!bytes.ok())
    return configuration(bytes.error().text,
                         "the node's configuration file names its party and its hub");
  return parse_config(as_text(*bytes), file.string());
}

policies::Restrictions load_restrictions(const std::filesystem::path& file) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(file, failed);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  const auto bytes = keys::read_public_file(file, policies::kMaxRestrictionsBytes);
  if (!bytes.ok()) return policies::Restrictions::unreadable(bytes.error().text);
  auto restrictions = policies::parse_restrictions(*bytes, file.string());
  if (!restrictions.ok())
    return policies::Restrictions::unreadable(restrictions.error().text, sha256_id(*bytes));
  return std::move(restrictions).value();
}

}  // namespace hedgerow::daemon
