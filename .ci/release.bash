# Functions of .ci/run: the modules as a module proxy delivers them after a release. A
# replace counts only in a checkout, so that a wrong "require" shows only here.

readonly root_module=github.com/paygates/paygates-go

# releases lists the modules that are tagged: the root, and what merchants use.
releases() { echo . && modules | grep -v '^examples/'; }

# check_release makes a release of the working tree in a file proxy, installs the tool
# from it and builds a program with every other module.
check_release() (
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	use_release "$scratch"
)

use_release() {
	local version module
	version=$(required_version cmd/paygates)
	for module in $(modules); do
		if [[ $(required_version "$module") != "$version" ]]; then
			echo "$module/go.mod requires another version of $root_module than cmd/paygates: $version"
			return 1
		fi
	done
	write_proxy "$1/proxy" "$version" "$(working_tree "$1/index")"

	# Third parties come from the module cache, and nothing of this release gets into it.
	GOPROXY="file://$1/proxy,file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
	export GOPROXY GOMODCACHE=$1/cache GOBIN=$1/bin GONOSUMDB=$root_module GOWORK=off GOFLAGS="$GOFLAGS -modcacherw -mod=mod"
	go install "$root_module/cmd/paygates@$version"
	"$1/bin/paygates" --version | grep -F "$version"
	for module in $(releases | grep -v '^cmd/'); do
		mkdir -p "$1/user/$module"
		in_dir "$1/user/$module" use_module "$(module_path "$module")" "$version"
	done
}

# use_module PATH VERSION builds a program that imports the packages of a module.
use_module() {
	go mod init example.com/shop
	go get "$1@$2"
	local packages
	packages=$(go list -f '{{if ne .Name "main"}}{{.ImportPath}}{{end}}' "$1/..." | grep -vE '/(internal|examples|docs)(/|$)')
	{
		printf 'package main\n\n'
		printf 'import _ "%s"\n' $packages
		printf '\nfunc main() {}\n'
	} >main.go
	go build -o /dev/null .
	echo "$1@$2: $(wc -l <<<"$packages") packages"
}

required_version() { awk -v module="$root_module" '$1 == module { print $2; exit }' "$1/go.mod"; }

module_path() {
	local path=$root_module/$1
	echo "${path%/.}"
}

# working_tree INDEX prints the git tree of what stands in the directory, committed or not.
working_tree() (
	cp "$(repo_git rev-parse --git-dir)/index" "$1"
	export GIT_INDEX_FILE=$1
	repo_git add --all
	repo_git write-tree
)

# write_proxy DIR VERSION TREE writes each module as a file proxy has it. The zip of the
# root leaves out the other modules.
write_proxy() {
	local module path files others=()
	for module in $(modules); do others+=(":(exclude)$module"); done
	for module in $(releases); do
		path=$(module_path "$module")
		files=$1/$path/@v
		mkdir -p "$files"
		echo "$2" >"$files/list"
		printf '{"Version":"%s"}\n' "$2" >"$files/$2.info"
		cp "$module/go.mod" "$files/$2.mod"
		if [[ $module == . ]]; then
			repo_git archive --format=zip --prefix="$path@$2/" -o "$files/$2.zip" "$3" -- . "${others[@]}"
		else
			repo_git archive --format=zip --prefix="$path@$2/" -o "$files/$2.zip" "$3:$module"
		fi
	done
}
