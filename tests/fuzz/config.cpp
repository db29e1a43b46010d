// hedgerow.toml.
#include "node/daemon/config.h"

#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::config {
namespace {

void run(ByteView input) {
  const auto config = daemon::parse_config(as_text(input), "hedgerow.toml");
  check_error(config);
  if (!config.ok()) {
    HR_CHECK(config.error().code == Code::configuration);
    HR_CHECK(config.error().text.starts_with("hedgerow.toml"));
    return;
  }
  HR_CHECK(!config->party.empty());
  HR_CHECK(config->hub.empty() != config->listen.empty());
}

std::vector<Bytes> seeds() {
  const std::string key(64, 'a');
  std::vector<Bytes> all;
  for (const std::string& text :
       {std::string("party = \"vale-council\"\nhub = \"tcp://hub.example:5670\"\n"),
        std::string("# the hub\nparty = \"vale-partnership\"\nlisten = \"tcp://0.0.0.0:5670\"\n"),
        "party = \"vale-council\"\nhub = \"tcp://h:1\"\nreidentification = \"" + key + "\"\n",
        "party = \"vale-council\"\nhub = \"tcp://h:1\"\ntrace_officers = [\"" + key + "\", \"" +
            std::string(64, 'b') + "\"]\n",
        std::string("trace_officers = [[\"\"], 7]\n"),
        std::string("party = 3\n[hub]\na.b.c = [1, {x = 2}]\n"),
        std::string("party = \"\"\"vale-council\"\"\"\nhub = 'tcp://h:1'\nhub = 2026-01-01\n"),
        std::string(64, '[') + std::string(64, ']'), std::string("party = \"No Name\"\n"),
        std::string("party = \"vale-council\"\n"),
        std::string("party = \"vale-council\"\nhub = \"hub.example\"\n"),
        std::string("party = \"vale-council\"\nhub = \"tcp://h:1\"\nlisten = \"tcp://h:1\"\n"),
        std::string("party = \"vale-council\"\nhub = \"tcp://h:1\"\nport = \"5670\"\n"),
        std::string("reidentification = \"00\"\n"),
        "reidentification = \"" + std::string(64, '0') + "\"\n",
        std::string("hub = \"tcp://h:1\"\n"), std::string(65 * 1024, '#')})
    all.push_back(to_bytes(text));
  return all;
}

const Registration registered({"config", run, seeds, mutate_lines<0>});

}  // namespace
}  // namespace hedgerow::fuzz::config
