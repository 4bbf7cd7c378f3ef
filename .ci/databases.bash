# Starts a PostgreSQL and a MariaDB server for one run, on loopback, without a
# password and without fsync, each in a directory of its own. .ci/run sources it.

postgres_dir=""
mariadb_dir=""
mariadb_pid=""

# as_postgres runs a command as the user postgres if this is root: PostgreSQL does
# not run as root. MariaDB has an option for it.
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
	local port
	mariadb_dir=$(server_dir mysql mariadb)
	mariadb-install-db --no-defaults --user=mysql --datadir="$mariadb_dir/data" \
		--auth-root-authentication-method=normal --skip-test-db >/dev/null
	for _ in {1..10}; do
		port=$(random_port)
		/usr/sbin/mariadbd --no-defaults --user=mysql --datadir="$mariadb_dir/data" --socket="$mariadb_dir/socket" \
			--port="$port" --bind-address=127.0.0.1 --skip-name-resolve --max-connections=300 --character-set-server=utf8mb4 \
			--innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync >"$mariadb_dir/log" 2>&1 &
		mariadb_pid=$!
		if mariadb_answers; then
			mariadb --no-defaults --socket="$mariadb_dir/socket" -u root -e "
				CREATE DATABASE checkout;
				CREATE USER checkout@127.0.0.1;
				GRANT ALL ON *.* TO checkout@127.0.0.1;"
			export CHECKOUT_MYSQL_DSN="checkout@tcp(127.0.0.1:$port)/checkout?parseTime=true"
			echo "$(/usr/sbin/mariadbd --version), $CHECKOUT_MYSQL_DSN"
			return
		fi
	done
	echo "MariaDB does not start. Its log:"
	cat "$mariadb_dir/log"
	return 1
}

# mariadb_answers waits for up to a minute until the server answers.
mariadb_answers() {
	for _ in {1..300}; do
		kill -0 "$mariadb_pid" 2>/dev/null || return 1
		if mariadb-admin --no-defaults --socket="$mariadb_dir/socket" -u root ping >/dev/null 2>&1; then return 0; fi
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
	if [[ -n $mariadb_dir ]]; then
		kill "$mariadb_pid" 2>/dev/null || true
		wait "$mariadb_pid" 2>/dev/null || true
		rm -rf "$mariadb_dir"
		mariadb_dir=""
	fi
	unset DATABASE_URL CHECKOUT_POSTGRES_URL CHECKOUT_MYSQL_DSN
}
