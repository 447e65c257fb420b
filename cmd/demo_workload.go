package cmd

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/pg"
)

// workStatement is one kind of the workload's statements, run a number of times. arguments gives those of the n-th run.
type workStatement struct {
	times     int
	sql       string
	arguments func(n int) []any
}

// demoSchema is a small shop; the index on orders that its customers would need is missing.
func demoSchema() []string {
	return []string{
		`CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL)`,
		`CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price numeric NOT NULL, stock int NOT NULL)`,
		`CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int NOT NULL, ordered_at timestamptz NOT NULL)`,
		`CREATE TABLE order_items (order_id bigint NOT NULL, product_id int NOT NULL, quantity int NOT NULL)`,
		`INSERT INTO customers SELECT n, 'customer ' || n, 'city ' || n % 50 FROM generate_series(1, 2000) AS n`,
		`INSERT INTO products SELECT n, 'product ' || n, n % 90 + 9.99, 1000 FROM generate_series(1, 500) AS n`,
		`INSERT INTO orders (customer_id, ordered_at) SELECT n % 2000 + 1, now() - n * interval '1 minute' FROM generate_series(1, 20000) AS n`,
		`INSERT INTO order_items SELECT n % 20000 + 1, n % 500 + 1, n % 4 + 1 FROM generate_series(1, 60000) AS n`,
		`ANALYZE`,
	}
}

// demoWork is what the shop does: many cheap statements, some dear ones and one that is slow.
func demoWork() []workStatement {
	one := func(of int) func(int) []any { return func(n int) []any { return []any{n*7919%of + 1} } }
	none := func(int) []any { return nil }
	return []workStatement{
		{1200, `SELECT name, price, stock FROM products WHERE id = $1`, one(500)},
		{800, `SELECT id, name, city FROM customers WHERE id = $1`, one(2000)},
		{300, `UPDATE products SET stock = stock - 1 WHERE id = $1`, one(500)},
		{300, `INSERT INTO orders (customer_id, ordered_at) VALUES ($1, now())`, one(2000)},
		{60, `SELECT o.id, o.ordered_at FROM orders AS o WHERE o.customer_id = $1 ORDER BY o.ordered_at DESC LIMIT 10`, one(2000)},
		{20, `SELECT c.city, count(*) AS orders FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.city ORDER BY orders DESC`, none},
		{3, `SELECT c.city, p.name, sum(i.quantity * p.price) AS revenue FROM order_items AS i JOIN orders AS o ON o.id = i.order_id JOIN products AS p ON p.id = i.product_id JOIN customers AS c ON c.id = o.customer_id GROUP BY c.city, p.name ORDER BY revenue DESC LIMIT 20`, none},
		{1, `SELECT count(*) FROM orders AS a JOIN orders AS b ON b.ordered_at > a.ordered_at AND b.customer_id <> a.customer_id WHERE a.id <= 100`, none},
	}
}

// connectShop connects as the shop's application does, whose statements name no schema.
func (d *demo) connectShop(ctx context.Context) (*pg.Conn, error) {
	conn, err := d.connect(ctx, demoDatabase)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SET search_path = public"); err != nil {
		conn.Close()
		return nil, pg.Describe(ctx, err)
	}
	return conn, nil
}

// fillShop makes the tables and their rows.
func (d *demo) fillShop(ctx context.Context) error {
	conn, err := d.connectShop(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range demoSchema() {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return pg.Describe(ctx, err)
		}
	}
	return nil
}

// runWorkload works in the shop, all kinds of statements in turn, and says what it did.
func (d *demo) runWorkload(ctx context.Context) (string, error) {
	conn, err := d.connectShop(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	begun, run := time.Now(), 0
	for work, round := demoWork(), 0; ; round++ {
		left := false
		for _, statement := range work {
			if round >= statement.times {
				continue
			}
			if _, err := conn.Exec(ctx, statement.sql, statement.arguments(round)...); err != nil {
				return "", pg.Describe(ctx, err)
			}
			left, run = true, run+1
		}
		if !left {
			return fmt.Sprintf("%d statements of %d kinds in %.1f s.", run, len(work), time.Since(begun).Seconds()), nil
		}
	}
}
