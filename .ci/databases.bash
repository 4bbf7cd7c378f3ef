# Starts a PostgreSQL, a MariaDB and a MySQL server for one run, on loopback, without a
# password and without fsync, each in a directory of its own. .ci/run sources it.

postgres_dir=""
mariadb_dir=""
mariadb_pid=""
mysql_dir=""
mysql_pid=""
mysql_dsn=""
mysql_command=""

# as_postgres runs a command as the user postgres if this is root: PostgreSQL does
# not run as root. MariaDB and MySQL have an option for it.
as_postgres() (
	cd /
	if ((EUID == 0)); then exec runuser -u postgres -- "$@"; else exec "$@"; fi
)

# server_dir USER NAME creates a directory for a server that runs as USER.
server_dir() {
	local dir
	dir=$(mktemp -d "${TMPDIR:-/tmp}/paygates-$2.XXXXXX")
	if ((EUID == 0)); then chown "$1:" "$dir"; fi
	echo "$dir"
}

# random_port prints a port below those that the system gives to outgoing
# connections. If it is taken, the server does not start.
random_port() { echo $((20000 + RANDOM % 10000)); }

# postgres_bin prints the directory of the newest PostgreSQL that is installed.
postgres_bin() {
	local dirs=(/usr/lib/postgresql/*/bin)
	[[ ! -d ${dirs[0]} ]] || printf '%s\n' "${dirs[@]}" | sort -V | tail -n 1
}

# start_postgres exports DATABASE_URL for the shop and CHECKOUT_POSTGRES_URL.
start_postgres() {
	local bin port server
	bin=$(postgres_bin)
	postgres_dir=$(server_dir postgres postgres)
	as_postgres "$bin/initdb" -D "$postgres_dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
	for _ in {1..10}; do
		port=$(random_port)
		if as_postgres "$bin/pg_ctl" start -s -w -t 60 -D "$postgres_dir/data" -l "$postgres_dir/log" \
			-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c fsync=off"; then
			server=postgres://postgres@127.0.0.1:$port
			as_postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres shop
			as_postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres checkout
			export DATABASE_URL="$server/shop?sslmode=disable"
			export CHECKOUT_POSTGRES_URL="$server/checkout?sslmode=disable"
			echo "$("$bin/postgres" --version), $server"
			return
		fi
	done
	echo "PostgreSQL does not start. Its log:"
	as_postgres cat "$postgres_dir/log"
	return 1
}

# start_mariadb exports CHECKOUT_MYSQL_DSN.
start_mariadb() {
	mariadb_dir=$(server_dir "$(id -un)" mariadb)
	mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$mariadb_dir/data" \
		--auth-root-authentication-method=normal --skip-test-db >/dev/null
	start_mysqld "$mariadb_dir" /usr/sbin/mariadbd --no-defaults
	mariadb_pid=$mysqld_pid
	export CHECKOUT_MYSQL_DSN=$mysqld_dsn
	echo "$(/usr/sbin/mariadbd --version), $CHECKOUT_MYSQL_DSN"
}

# mysql_home is where install_mysql unpacks MySQL.
readonly mysql_home="${XDG_CACHE_HOME:-$HOME/.cache}/paygates-go/mysql"

# install_mysql unpacks the MySQL of Debian unstable, the only Debian that has it, beside
# all of its libraries. The system stays as it is.
install_mysql() {
	local apt=$mysql_home/apt mirror package options
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(SUITE)' | awk '$2 == "Debian" && $3 !~ /security/ { print $1; exit }')
	[[ -n $mirror ]] || return 1
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$apt/sources.list"
	: >"$apt/status" # nothing is installed
	options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$apt"
		-o Dir::State::status="$apt/status" -o Dir::Cache="$apt" -o APT::Sandbox::User="$(id -un)")
	apt-get "${options[@]}" update -q &&
		apt-get "${options[@]}" install -yq --download-only --no-install-recommends mysql-server-core || return 1
	for package in "$apt"/archives/*.deb; do
		dpkg-deb -x "$package" "$apt/root" || return 1
	done
	mv "$apt/root/usr" "$mysql_home"
	rm -r "$apt"
}

# start_mysql sets mysql_dsn, and mysql_command for tests that start a server. What
# start_mariadb exports is MariaDB's.
start_mysql() {
	local lib command
	lib=$(dirname "$mysql_home"/usr/lib/*/ld-linux*)
	command=("$lib"/ld-linux* --library-path "$lib" "$mysql_home/usr/sbin/mysqld" --no-defaults
		--lc-messages-dir="$mysql_home/usr/share/mysql" --plugin-dir="$mysql_home/usr/lib/mysql/plugin" --secure-file-priv=)
	mysql_dir=$(server_dir "$(id -un)" mysql)
	"${command[@]}" --initialize-insecure --user="$(id -un)" --datadir="$mysql_dir/data" 2>"$mysql_dir/log" || true # the log says why
	start_mysqld "$mysql_dir" "${command[@]}" --mysqlx=OFF --disable-log-bin || return 1
	mysql_pid=$mysqld_pid
	mysql_dsn=$mysqld_dsn
	mysql_command="${command[*]} --mysqlx=OFF --disable-log-bin"
	echo "$("${command[@]}" --version), $mysql_dsn"
}

# start_mysqld DIR COMMAND… starts a server with the data in DIR/data, and sets mysqld_pid
# and mysqld_dsn.
start_mysqld() {
	local dir=$1 port
	shift
	cat >"$dir/init.sql" <<-END
		CREATE DATABASE IF NOT EXISTS checkout;
		CREATE USER IF NOT EXISTS checkout@127.0.0.1;
		GRANT ALL ON *.* TO checkout@127.0.0.1;
	END
	for _ in {1..10}; do
		port=$(random_port)
		"$@" --user="$(id -un)" --datadir="$dir/data" --socket="$dir/socket" --pid-file="$dir/pid" --init-file="$dir/init.sql" \
			--port="$port" --bind-address=127.0.0.1 --skip-name-resolve --max-connections=300 --character-set-server=utf8mb4 \
			--innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync >"$dir/log" 2>&1 &
		mysqld_pid=$!
		mysqld_dsn="checkout@tcp(127.0.0.1:$port)/checkout?parseTime=true"
		if mysqld_answers "$dir/log"; then return; fi
	done
	echo "the server in $dir does not start. Its log:"
	cat "$dir/log"
	return 1
}

# mysqld_answers LOG waits for up to a minute until the server says that it is ready.
mysqld_answers() {
	for _ in {1..300}; do
		kill -0 "$mysqld_pid" 2>/dev/null || return 1
		if grep -qs 'ready for connections' "$1"; then return 0; fi
		sleep 0.2
	done
	return 1
}

stop_databases() {
	if [[ -n $postgres_dir ]]; then
		if [[ -f $postgres_dir/data/postmaster.pid ]]; then
			as_postgres "$(postgres_bin)/pg_ctl" stop -s -w -m fast -D "$postgres_dir/data" || true
		fi
		rm -rf "$postgres_dir"
		postgres_dir=""
	fi
	stop_mysqld "$mariadb_dir" "$mariadb_pid"
	stop_mysqld "$mysql_dir" "$mysql_pid"
	mariadb_dir="" mysql_dir="" mysql_dsn=""
	unset DATABASE_URL CHECKOUT_POSTGRES_URL CHECKOUT_MYSQL_DSN
}

# stop_mysqld DIR PID stops a server, if there is one, and removes its data.
stop_mysqld() {
	[[ -n $1 ]] || return 0
	kill "$2" 2>/dev/null || true
	wait "$2" 2>/dev/null || true
	rm -rf "$1"
}
