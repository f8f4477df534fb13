-- What time alone changes: the clock's floor and what is left of each grace. One row, written over about once a
-- minute. It is no history: losing it leaves less grace, never more.
CREATE TABLE pulse (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    body TEXT NOT NULL -- JSON
);
