#include "node/keys/keyring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "crypto/dkg.h"
#include "crypto/domains.h"
#include "node/keys/files.h"

namespace hedgerow::keys {

namespace {

namespace fs = std::filesystem;

// node.keys: u8 version, the party as text, the encrypted part behind its length. Encrypted, in
// this order, 32 bytes each: message seed, seal secret, DKG secret, log seed, CURVE public. The
// associated data are the tag, the version and the party, so that one node's file does not open as
// another's.
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kPlainSize = 5 * 32;
constexpr std::size_t kMaxNodeKeysSize = 1024;
constexpr std::size_t kMaxPartySize = 64;
constexpr std::size_t kCurveFileSize = 2 * 65;

constexpr const char* kKeysHint = "put back the node's keys folder from a backup, whole";

Error hinted(Error error) {
  if (error.hint.empty()) error.hint = kKeysHint;
  return error;
}

fs::path keys_folder(const fs::path& home) { return home / "keys"; }

Bytes associated_data(const PartyId& party) {
  Writer w;
  w.text(kDomainNodeKeys).u8(kVersion).text(party.str());
  return std::move(w).take();
}

Bytes wrap_data(std::string_view purpose) {
  Writer w;
  w.text(kDomainKeyWrap).text(purpose);
  return std::move(w).take();
}

template <class S>
S secret_at(const SecretBytes& bytes, std::size_t index) {
  return S::copy_from(std::span<const std::uint8_t, 32>(bytes.expose().subspan(32 * index, 32)));
}

// Where systemd put the master key, if it did.
std::optional<fs::path> master_credential() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  fs::path path = fs::path(folder) / kMasterCredential;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  return path;
}

Result<AeadKey> read_master(const fs::path& home) {
  const auto handed_over = master_credential();
  const fs::path path = handed_over.value_or(keys_folder(home) / "master.key");
  const auto read = handed_over ? read_handed_over_file(path, AeadKey::kSize)
                                : read_private_file(path, AeadKey::kSize);
  if (!read.ok()) return hinted(read.error());
  const SecretBytes& bytes = *read;
  if (bytes.size() != AeadKey::kSize)
    return configuration(path.string() + " is not a master key: it must hold 32 bytes", kKeysHint);
  return secret_at<AeadKey>(bytes, 0);
}

// Two lines of hex, written without a copy in ordinary memory.
SecretBytes curve_file(const SealKeyPair& curve) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  SecretBytes text(kCurveFileSize);
  std::size_t at = 0;
  const auto put = [&](ByteView line) {
    for (std::uint8_t b : line) {
      text.writable()[at++] = static_cast<std::uint8_t>(kDigits[b >> 4U]);
      text.writable()[at++] = static_cast<std::uint8_t>(kDigits[b & 0xfU]);
    }
    text.writable()[at++] = '\n';
  };
  put(curve.public_key.view());
  put(curve.secret_key.expose());
  return text;
}

// Into locked memory, digit by digit.
bool read_hex(ByteView text, std::span<std::uint8_t> out) {
  const auto value = [](std::uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = value(text[2 * i]), low = value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

Result<void> check_curve_file(const fs::path& path, const ByteArray<32>& public_key) {
  const auto read = read_private_file(path, kCurveFileSize);
  if (!read.ok()) return hinted(read.error());
  const SecretBytes& text = *read;
  const std::string expected = to_hex(public_key) + "\n";
  bool good = text.size() == kCurveFileSize &&
              as_text(text.expose().first(expected.size())) == expected &&
              text.expose().back() == '\n';
  if (good) {
    // The gateway would find out that the halves do not fit; better here, before it dials.
    SealSecretKey secret;
    good = read_hex(text.expose().subspan(expected.size(), 64), secret.writable()) &&
           seal_public_key(secret).view().size() == public_key.size() &&
           std::equal(public_key.begin(), public_key.end(), seal_public_key(secret).view().begin());
  }
  if (!good) return configuration(path.string() + " does not hold this node's key", kKeysHint);
  return {};
}

Result<void> check_certificate(const Certificate& certificate, const PartyId& party,
                               const NodePublicKeys& keys, std::string_view where) {
  const std::string what =
      std::string(where) + ": the certificate of " + certificate.subject().urn();
  constexpr const char* kHint = "put the node's certificate back: its officer has it";
  if (certificate.kind() != CertificateKind::node)
    return configuration(what + " is not a node's", kHint);
  if (certificate.agency() != party)
    return configuration(what + " is not of " + party.str() + ", whose keys these are", kHint);
  if (certificate.node_keys() != keys)
    return configuration(what + " is not of these keys",
                         "was it issued before new keys were made?");
  return {};
}

struct FreshKeys {
  AeadKey master;
  bool master_handed_over = false;
  SigningKey message;
  SealKeyPair seal;
  DkgStaticKey dkg;
  SigningKey log;
  SealKeyPair curve;
};

Result<FreshKeys> make_keys(const fs::path& home, Random& rng) {
  AeadKey master = AeadKey::random(rng);
  const bool handed_over = master_credential().has_value();
  if (handed_over) {
    HR_ASSIGN(master, read_master(home));
  }
  SigningKey message = SigningKey::random(rng);
  SealKeyPair seal = random_seal_key_pair(rng);
  DkgStaticKey dkg = generate_dkg_static_key(rng);
  SigningKey log = SigningKey::random(rng);
  return FreshKeys{std::move(master), handed_over,    std::move(message),       std::move(seal),
                   std::move(dkg),    std::move(log), random_seal_key_pair(rng)};
}

Bytes node_keys_file(const FreshKeys& k, const PartyId& party, Random& rng) {
  SecretBytes plain(kPlainSize);
  std::size_t at = 0;
  const auto put = [&](ByteView bytes) {
    for (std::uint8_t b : bytes) plain.writable()[at++] = b;
  };
  put(k.message.seed().expose());
  put(k.seal.secret_key.expose());
  put(k.dkg.secret.expose());
  put(k.log.seed().expose());
  put(k.curve.public_key.view());
  HR_CHECK(at == kPlainSize);
  Writer w;
  w.u8(kVersion).text(party.str());
  w.bytes(aead_encrypt(k.master, associated_data(party), plain.expose(), rng));
  return std::move(w).take();
}

Result<void> write_keys(const fs::path& folder, const FreshKeys& k, const PartyId& party,
                        Random& rng) {
  if (!k.master_handed_over)
    HR_TRY(write_new_file(folder / "master.key", k.master.expose(), Readers::owner));
  HR_TRY(write_new_file(folder / "curve.key", curve_file(k.curve).expose(), Readers::owner));
  return write_new_file(folder / "node.keys", node_keys_file(k, party, rng), Readers::owner);
}

Error exists_already(const fs::path& folder) {
  return configuration(folder.string() + " exists already", "a node's keys are never overwritten");
}

}  // namespace

Keyring::Keyring(fs::path home, PartyId party, AeadKey master, SigningKey message,
                 SealSecretKey seal, SecretScalar dkg, SigningKey log,
                 const NodePublicKeys& public_keys)
    : home_(std::move(home)),
      party_(std::move(party)),
      master_(std::move(master)),
      message_(std::move(message)),
      seal_(std::move(seal)),
      dkg_(std::move(dkg)),
      log_(std::move(log)),
      public_keys_(public_keys) {}

Result<Keyring> Keyring::create(const fs::path& home, const PartyId& party, Random& rng) {
  HR_CHECK(!party.empty());
  const fs::path folder = keys_folder(home);
  std::error_code ignored;
  if (fs::exists(folder, ignored)) return exists_already(folder);
  HR_TRY(make_private_folder(home));
  HR_ASSIGN(const FreshKeys k, make_keys(home, rng));
  // All files or none: a crash leaves a folder of another name, which nothing reads.
  std::string making = (home / "keys.new-XXXXXX").string();
  if (::mkdtemp(making.data()) == nullptr)
    return configuration("cannot make a folder in " + home.string());
  auto made = write_keys(making, k, party, rng);
  if (made.ok() &&
      ::renameat2(AT_FDCWD, making.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) != 0)
    made =
        errno == EEXIST ? exists_already(folder) : configuration("cannot make " + folder.string());
  if (!made.ok()) {
    fs::remove_all(making, ignored);
    return std::move(made).error();
  }
  HR_TRY(sync_folder(home));
  return open_uncertified(home);
}

Result<Keyring> Keyring::open_uncertified(const fs::path& home) {
  const fs::path folder = keys_folder(home);
  if (const auto folder_good = check_private_folder(folder); !folder_good.ok())
    return hinted(folder_good.error());
  HR_ASSIGN(AeadKey master, read_master(home));
  const fs::path path = folder / "node.keys";
  const auto read = read_private_file(path, kMaxNodeKeysSize);
  if (!read.ok()) return hinted(read.error());
  const SecretBytes& file = *read;

  Reader r(file.expose());
  const std::uint8_t version = r.u8();
  if (file.size() > 1 && version > kVersion && version < 16)
    return configuration(path.string() + " was written by a newer Hedgerow",
                         "install the newer program again");
  const std::string party_text = r.text(kMaxPartySize);
  const ByteView encrypted = r.bytes(kPlainSize + kAeadOverhead);
  const auto party = PartyId::parse(party_text);
  if (!r.finish("node.keys").ok() || version != kVersion || !party.ok())
    return configuration(path.string() + " is not a file of node keys", kKeysHint);
  const auto plain = aead_decrypt(master, associated_data(*party), encrypted);
  if (!plain.ok() || plain->size() != kPlainSize)
    return configuration(path.string() + " does not open under the master key",
                         "was one of the two restored without the other?");

  SigningKey message(secret_at<SigningSeed>(*plain, 0));
  SealSecretKey seal = secret_at<SealSecretKey>(*plain, 1);
  auto dkg = decode_secret_scalar(plain->expose().subspan(64, 32));
  SigningKey log(secret_at<SigningSeed>(*plain, 3));
  if (!dkg.ok()) return configuration(path.string() + " is not a file of node keys", kKeysHint);
  HR_ASSIGN(const Element dkg_public, dkg_public_key(*dkg));
  NodePublicKeys keys;
  keys.message = message.verify_key();
  std::copy_n(plain->expose().begin() + 128, 32, keys.curve.begin());
  keys.dkg = dkg_public.bytes();
  keys.seal = seal_public_key(seal);
  keys.log = log.verify_key();
  HR_TRY(check_curve_file(folder / "curve.key", keys.curve));
  return Keyring(home, *party, std::move(master), std::move(message), std::move(seal),
                 std::move(dkg).value(), std::move(log), keys);
}

Result<Keyring> Keyring::open(const fs::path& home) {
  HR_ASSIGN(Keyring keyring, open_uncertified(home));
  const fs::path path = keys_folder(home) / "node.pem";
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    return configuration(path.string() + " is missing",
                         "the agency's officer issues it: hedgerow agency issue node");
  HR_ASSIGN(const Bytes pem, read_public_file(path, kMaxCertificatePemSize));
  auto certificate = Certificate::decode_pem(pem);
  if (!certificate.ok())
    return configuration(path.string() + ": " + certificate.error().text,
                         "put the node's certificate back: its officer has it");
  HR_TRY(check_certificate(*certificate, keyring.party_, keyring.public_keys_, path.string()));
  keyring.certificate_ = std::move(certificate).value();
  return keyring;
}

Result<void> Keyring::install_certificate(const Certificate& certificate) {
  const fs::path path = keys_folder(home_) / "node.pem";
  HR_TRY(check_certificate(certificate, party_, public_keys_, path.string()));
  HR_TRY(replace_file(path, as_bytes(certificate.pem()), Readers::owner));
  certificate_ = certificate;
  return {};
}

const Certificate& Keyring::certificate() const {
  HR_CHECK(certificate_.has_value());
  return *certificate_;
}

Bytes Keyring::wrap(std::string_view purpose, ByteView plaintext, Random& rng) const {
  return aead_encrypt(master_, wrap_data(purpose), plaintext, rng);
}

Result<SecretBytes> Keyring::unwrap(std::string_view purpose, ByteView wrapped) const {
  auto plain = aead_decrypt(master_, wrap_data(purpose), wrapped);
  if (!plain.ok())
    return configuration(
        "what was kept for " + std::string(purpose) + " does not open under this node's master key",
        "was one of the two restored without the other?");
  return plain;
}

}  // namespace hedgerow::keys
