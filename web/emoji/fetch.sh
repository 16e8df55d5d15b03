#!/bin/sh
# Downloads emojibase-data from the npm registry and writes emoji.txt: a line for each emoji of Unicode with its shortcodes, those of GitHub
# before those of Slack (iamcal), and its variants with skin tones. Run it in this folder after you change VERSION.
set -eu

version=$(cat VERSION)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && npm pack --silent "emojibase-data@$version" >/dev/null && tar xzf "emojibase-data-$version.tgz")
cp "$work/package/LICENSE" LICENSE
node - "$work/package/en" >emoji.txt <<'EOF'
const folder = process.argv[2];
const read = (name) => JSON.parse(require("fs").readFileSync(`${folder}/${name}.json`));
const sets = [read("shortcodes/github"), read("shortcodes/iamcal")];
const COMPONENT = 2; // the group of skin tones and hair
const SHOWN_AS_EMOJI = 1; // the type of characters that need no variation selector
const owner = new Map(); // of each shortcode: the first set decides
for (const set of sets) {
  for (const [code, names] of Object.entries(set)) {
    for (const name of [names].flat()) if (!owner.has(name)) owner.set(name, code);
  }
}
for (const { hexcode, emoji, type, group, skins = [] } of read("data").sort((a, b) => a.order - b.order)) {
  if (group === undefined || group === COMPONENT) continue;
  const names = new Set(sets.flatMap((set) => set[hexcode] ?? []).filter((name) => owner.get(name) === hexcode));
  const text = type === SHOWN_AS_EMOJI ? emoji.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, "$1") : emoji; // U+FE0F has no effect there
  console.log([text, [...names].join(" "), skins.map((skin) => skin.emoji).join(" ")].join("\t").trimEnd());
}
EOF
