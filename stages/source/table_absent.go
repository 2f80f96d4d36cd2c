package source

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// address says of an image's name that is an address on a network what is to be done, or "".
func address(name string) string {
	scheme, _, ok := strings.Cut(name, "://")
	if !ok || scheme == "" || strings.ContainsFunc(scheme, func(r rune) bool { return r < 'a' || r > 'z' }) && scheme != "s3" {
		return ""
	}
	return fmt.Sprintf("%q is an address on a network: download the images, and name them below the root", name)
}

// elsewhere says how the file that a name means may be found: without a beginning, with slashes, with an
// ending; or else which name is near.
func elsewhere(root, name, strip string) string {
	if text := stripped(root, name, strip); text != "" {
		return text
	}
	if slashed := strings.ReplaceAll(name, `\`, "/"); slashed != name && isFile(root, path.Clean(slashed)) {
		return fmt.Sprintf("; there is one named %q: write / where the table has \\", path.Clean(slashed))
	}
	if trimmed := strings.TrimSpace(name); trimmed != name && isFile(root, trimmed) {
		return fmt.Sprintf("; there is one named %q, without blanks around it", trimmed)
	}
	for _, ending := range []string{".jpg", ".jpeg", ".png", ".webp", ".JPG", ".JPEG", ".PNG"} {
		if isFile(root, name+ending) {
			return fmt.Sprintf("; there is one named %q: a pattern such as image: \"{column}%s\" adds the ending", name+ending, ending)
		}
	}
	return nearFile(root, name)
}

// stripped says which beginning of a name is to be left out for a file to be there, or "".
func stripped(root, name, strip string) string {
	parts := strings.Split(strings.TrimPrefix(name, "/"), "/")
	if slices.Contains(parts, "..") {
		return ""
	}
	for i := range parts {
		rest := strings.Join(parts[i:], "/")
		if rest == name || !isFile(root, rest) {
			continue
		}
		return fmt.Sprintf("; strip: %s would make it %q, which is there", strip+strings.TrimSuffix(name, rest), rest)
	}
	return ""
}

// isFile says whether the root holds a file of the name.
func isFile(root, name string) bool {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return false
	}
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular()
}
