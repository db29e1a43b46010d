#include "tests/crypto/oprf/voprf_vectors.h"

#include <sstream>
#include <string>

#include "tests/crypto/group/vectors.h"

namespace hedgerow {
namespace {

std::vector<Bytes> hex_list(const std::string& text) {
  std::vector<Bytes> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) out.push_back(hex(part));
  return out;
}

}  // namespace

VoprfVectors voprf_vectors() {
  for (const auto& suite : load_vectors("rfc9497/allVectors.json")) {
    if (suite.at("identifier") != "ristretto255-SHA512" || suite.at("mode") != 1) continue;
    const auto text = [](const auto& j, const char* k) {
      return j.at(k).template get<std::string>();
    };
    VoprfVectors out{hex(text(suite, "seed")),
                     hex(text(suite, "keyInfo")),
                     hex(text(suite, "groupDST")),
                     *decode_secret_scalar(hex(text(suite, "skSm"))),
                     *Element::decode(hex(text(suite, "pkSm"))),
                     {}};
    for (const auto& v : suite.at("vectors"))
      out.vectors.push_back({hex_list(text(v, "Input")), hex_list(text(v, "Blind")),
                             hex_list(text(v, "BlindedElement")),
                             hex_list(text(v, "EvaluationElement")), hex_list(text(v, "Output")),
                             hex(text(v.at("Proof"), "proof")), hex(text(v.at("Proof"), "r"))});
    return out;
  }
  check_failed(__FILE__, __LINE__, "the vectors of ristretto255-SHA512 in mode 1 are there");
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

}  // namespace hedgerow
