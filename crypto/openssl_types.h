// OpenSSL behind RAII, for crypto's own sources; no public header includes this one.
//
// OpenSSL 3.0 draws its ECDSA nonces itself. An OpensslScope is a library context whose generator
// plays back bytes drawn from Random, so that what is signed in it follows the seed. Each scope
// gets fresh bytes and lives for one signature, and OpenSSL mixes them with the private key and
// the message before it uses them as a nonce.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/seams.h"
#include "crypto/officer_key.h"
#include "crypto/sign.h"

namespace hedgerow {

template <auto kFree>
struct OpensslFree {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
inline void free_openssl_memory(void* p) { OPENSSL_free(p); }
inline void free_certificate_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
template <class T, auto kFree>
using OpensslPtr = std::unique_ptr<T, OpensslFree<kFree>>;

using BioPtr = OpensslPtr<BIO, BIO_free_all>;
using BignumPtr = OpensslPtr<BIGNUM, BN_clear_free>;
using CertificateStackPtr = OpensslPtr<STACK_OF(X509), free_certificate_stack>;  // borrows
using CmsPtr = OpensslPtr<CMS_ContentInfo, CMS_ContentInfo_free>;
using EvpKeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using EvpKeyContextPtr = OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using LibraryContextPtr = OpensslPtr<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using ObjectPtr = OpensslPtr<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetStringPtr = OpensslPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using OpensslMemory = OpensslPtr<unsigned char, free_openssl_memory>;
using StorePtr = OpensslPtr<X509_STORE, X509_STORE_free>;
using StoreContextPtr = OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;
using TimePtr = OpensslPtr<ASN1_TIME, ASN1_TIME_free>;
using X509Ptr = OpensslPtr<X509, X509_free>;

class OpensslScope {
 public:
  explicit OpensslScope(Random& rng);
  OSSL_LIB_CTX* context() const { return context_.get(); }

 private:
  LibraryContextPtr context_;
};

// OpenSSL's own word for the last failure ("reason"), or empty; forgets the error.
std::string take_openssl_reason();
// Error internal: `what`, with OpenSSL's reason.
Error openssl_error(std::string_view what);

// A read-only BIO over bytes that outlive it.
BioPtr read_bio(ByteView bytes);
// What has been written to a memory BIO.
std::string written_text(BIO* bio);

// The key pair in OpenSSL's hands. HR_CHECK: an OfficerKey and a SigningKey are always valid.
EvpKeyPtr to_evp_key(const OfficerKey& key, OSSL_LIB_CTX* context);
EvpKeyPtr to_evp_key(const SigningKey& key, OSSL_LIB_CTX* context);
EvpKeyPtr to_evp_key(const OfficerPublicKey& key, OSSL_LIB_CTX* context);
EvpKeyPtr to_evp_key(const VerifyKey& key, OSSL_LIB_CTX* context);

// The public key in OpenSSL's hands, back in ours. Error bad_input: another type or curve.
Result<OfficerPublicKey> officer_key_of(EVP_PKEY* key);
Result<VerifyKey> verify_key_of(EVP_PKEY* key);

// ASN.1 times are whole seconds, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
TimePtr to_asn1_time(UtcTime t);
Result<UtcTime> from_asn1_time(const ASN1_TIME* t);

}  // namespace hedgerow
