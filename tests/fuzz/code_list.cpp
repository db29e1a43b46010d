// Code lists. The shipped list is a quarter of a megabyte, so an input is a list of changes to it:
// line (u16), what to do (u8), and for a new line its length (u8) and text. The first byte
// chooses; an input may also be the text itself.
#include "policies/code_list.h"

#include "crypto/hash.h"
#include "policies/shipped_texts.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::code_list {
namespace {

using namespace policies;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t n = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return lines;
}

std::string changed(Parts parts) {
  static const std::vector<std::string_view> shipped = lines_of(shipped_code_list_text());
  std::vector<std::string> lines(shipped.begin(), shipped.end());
  for (int i = 0; i < 8 && !parts.empty() && !lines.empty(); ++i) {
    const std::size_t where = (std::size_t{parts.byte()} | (std::size_t{parts.byte()} << 8U));
    const auto at = lines.begin() + static_cast<std::ptrdiff_t>(where % lines.size());
    switch (parts.byte() % 5) {
      case 0:
        lines.erase(at);
        break;
      case 1:
        lines.insert(at, std::string(*at));
        break;
      case 2:
        std::swap(*at, lines.back());
        break;
      case 3: {
        const std::size_t size = parts.byte();
        *at = std::string(as_text(parts.take(size))) + "\n";
        break;
      }
      default: {  // one byte of the line
        const std::size_t offset = parts.byte() % at->size();
        (*at)[offset] = static_cast<char>(parts.byte());
        break;
      }
    }
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

void run(ByteView input) {
  Parts parts(input);
  const bool whole = parts.byte() % 4 == 0;
  const std::string text = whole ? std::string(as_text(parts.rest())) : changed(parts);
  const auto list = CodeList::parse(text);
  check_error(list);
  if (!list.ok()) return;
  HR_CHECK(list->hash() == sha256_id(as_bytes(text)));
  HR_CHECK(!list->version().empty() && !list->districts().empty());
  for (const std::string& district : list->districts()) {
    HR_CHECK(list->districts_of(district).size() == 1);
    const auto resolution = list->resolve_district(district, Day{20'600});
    HR_CHECK(resolution.kind == DistrictResolution::Kind::current && resolution.code == district);
  }
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  all.push_back({1});  // as shipped
  all.push_back(chosen(0, as_bytes(shipped_code_list_text().substr(0, 2000))));
  for (const std::uint8_t what : Bytes{0, 1, 2, 3, 4})
    for (const std::uint8_t line : Bytes{0, 5, 40, 120, 250})
      all.push_back({1, line, static_cast<std::uint8_t>(line / 50), what, 3, 'x', ' ', 'y'});
  return all;
}

const Registration registered({"code_list", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::code_list
