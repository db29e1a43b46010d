#include "node/cli/trace_opening.h"

#include <algorithm>

namespace hedgerow::cli {

namespace {

constexpr std::string_view kSchema = "hedgerow/trace-opening/1";
constexpr std::string_view kAnySchema = "hedgerow/trace-opening/";

Error damaged(std::string_view what) {
  return bad_input("the file's " + std::string(what) + " is not as it was written",
                   "export it again: hedgerow trace open ID --out FILE");
}

// The next line, which must begin with this word and a blank.
std::optional<std::string_view> next(std::string_view& text, std::string_view word) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ')
    return std::nullopt;
  line.remove_prefix(word.size() + 1);
  return line;
}

// Lower-case digits only, so that a file has one form.
template <class T>
std::optional<T> id_in(std::optional<std::string_view> hex) {
  const auto bytes = hex ? from_hex(*hex) : std::nullopt;
  auto id = T::from(bytes ? ByteView(*bytes) : ByteView());
  if (!id.ok() || id->hex() != *hex) return std::nullopt;
  return std::move(id).value();
}

template <std::size_t N>
ByteArray<N> array_of(ByteView bytes) {
  ByteArray<N> out{};
  std::ranges::copy(bytes, out.begin());
  return out;
}

}  // namespace

Result<TraceOpening> TraceOpening::from_sealed(const SessionId& id,
                                               const CaseCommitment& commitment, ByteView sealed) {
  if (sealed.size() == kSealedCaseSize)
    return TraceOpening{id, commitment, array_of<kSealedCaseSize>(sealed)};
  if (sealed.size() == kHalfOpenedCaseSize)
    return TraceOpening{id, commitment, array_of<kHalfOpenedCaseSize>(sealed)};
  return damaged("sealed part");
}

std::string TraceOpening::file() const {
  const ByteView box = std::visit([](const auto& layers) { return ByteView(layers); }, sealed);
  return std::string(kSchema) + "\nid " + id.hex() + "\ncommitment " + commitment.hex() +
         "\nsealed " + to_base64(box) + "\n";
}

Result<TraceOpening> TraceOpening::parse(ByteView file) {
  std::string_view text = as_text(file);
  const std::string_view first = text.substr(0, text.find('\n'));
  if (first != kSchema) {
    if (first.starts_with(kAnySchema) && first.size() < kAnySchema.size() + 8)
      return bad_input("an opening of a trace in a form that this program does not know");
    return bad_input("not an opening of a trace", "hedgerow trace open ID --out FILE writes one");
  }
  text.remove_prefix(std::min(text.size(), kSchema.size() + 1));
  const auto id = id_in<SessionId>(next(text, "id"));
  if (!id) return damaged("id");
  const auto commitment = id_in<CaseCommitment>(next(text, "commitment"));
  if (!commitment) return damaged("commitment");
  const auto sealed_text = next(text, "sealed");
  const auto sealed = sealed_text ? from_base64(*sealed_text) : std::nullopt;
  if (!sealed || !text.empty()) return damaged("sealed part");
  return from_sealed(*id, *commitment, *sealed);
}

Result<Opened> open_with(const TraceOpening& opening, const SealKeyPair& key) {
  if (const auto* both = std::get_if<SealedCase>(&opening.sealed)) {
    auto half = open_first_layer(*both, key);
    if (!half.ok())
      return bad_input("this key does not open the outer layer, or the file was altered",
                       "the officer of the first key in trace_officers opens first");
    return Opened(TraceOpening{opening.id, opening.commitment, *half});
  }
  auto inside = open_second_layer(std::get<HalfOpenedCase>(opening.sealed), key);
  if (!inside.ok())
    return bad_input("this key does not open the inner layer, or the file was altered",
                     "the officer of the second key in trace_officers opens last");
  return Opened(std::move(inside).value());
}

}  // namespace hedgerow::cli
