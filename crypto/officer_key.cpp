#include "crypto/officer_key.h"

#include <algorithm>

#include "crypto/openssl_types.h"

namespace hedgerow {

namespace {

using GroupPtr = OpensslPtr<EC_GROUP, EC_GROUP_free>;
using PointPtr = OpensslPtr<EC_POINT, EC_POINT_free>;

GroupPtr p256() {
  GroupPtr group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  HR_CHECK(group != nullptr);
  return group;
}

BignumPtr to_bignum(const OfficerScalar& scalar) {
  BignumPtr number(BN_secure_new());
  auto bytes = scalar.expose();
  HR_CHECK(number != nullptr &&
           BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()) != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

}  // namespace

Result<OfficerPublicKey> OfficerPublicKey::decode(ByteView bytes65) {
  OfficerPublicKey key;
  const GroupPtr group = p256();
  const PointPtr point(EC_POINT_new(group.get()));
  // EC_POINT_oct2point checks that the point lies on the curve; the curve has no small subgroups.
  if (bytes65.size() != key.bytes.size() || bytes65[0] != POINT_CONVERSION_UNCOMPRESSED ||
      EC_POINT_oct2point(group.get(), point.get(), bytes65.data(), bytes65.size(), nullptr) != 1) {
    take_openssl_reason();
    return bad_input("a key that is not a point of P-256, uncompressed");
  }
  std::copy(bytes65.begin(), bytes65.end(), key.bytes.begin());
  return key;
}

Result<OfficerKey> OfficerKey::from_scalar(OfficerScalar scalar) {
  const GroupPtr group = p256();
  const BignumPtr number = to_bignum(scalar);
  if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0)
    return bad_input("a P-256 private key outside 1 .. n-1");
  const PointPtr point(EC_POINT_new(group.get()));
  OfficerPublicKey key;
  HR_CHECK(EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1);
  HR_CHECK(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                              key.bytes.data(), key.bytes.size(), nullptr) == key.bytes.size());
  return OfficerKey(std::move(scalar), key);
}

OfficerKey OfficerKey::random(Random& rng) {
  // A draw is refused with probability 2^-32; a hundred refusals are a broken generator.
  for (int draws = 1;; ++draws) {
    auto key = from_scalar(OfficerScalar::random(rng));
    if (key.ok()) return std::move(key).value();
    HR_CHECK(draws < 100);
  }
}

}  // namespace hedgerow
