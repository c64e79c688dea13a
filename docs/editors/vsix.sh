#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the package that `code --install-extension FILE` takes: docs/editors/vsix.sh FILE
# npm's own packager says which files belong to it; a .vsix is a zip of them with a manifest.
set -eu
out=$(mkdir -p "$(dirname "$1")" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")/vscode" && pwd)
for c in npm zip tar; do
    command -v $c >/dev/null 2>&1 || { echo "vsix: $c is missing; install it and try again" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here" && npm pack --silent --pack-destination "$work" >/dev/null)
mkdir "$work/vsix"
tar -xzf "$work"/*.tgz -C "$work/vsix"
mv "$work/vsix/package" "$work/vsix/extension"
field() { sed -nE "s/^  \"$1\": \"(.*)\",?\$/\1/p" "$here/package.json"; }
cat >"$work/vsix/[Content_Types].xml" <<'EOF'
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension=".json" ContentType="application/json"/><Default Extension=".md" ContentType="text/markdown"/><Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>
EOF
cat >"$work/vsix/extension.vsixmanifest" <<EOF
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="$(field name)" Version="$(field version)" Publisher="$(field publisher)"/>
    <DisplayName>$(field displayName)</DisplayName>
    <Description xml:space="preserve">$(field description)</Description>
    <Properties><Property Id="Microsoft.VisualStudio.Code.Engine" Value="^1.75.0"/></Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>
EOF
rm -f "$out"
(cd "$work/vsix" && zip -q -r "$out" '[Content_Types].xml' extension.vsixmanifest extension)
echo "$out"
