-- The append-only, hash-chained history: the only durable form of the state.
-- INTEGER PRIMARY KEY is SQLite's own row number: no second index to write.
CREATE TABLE history (
    seq   INTEGER PRIMARY KEY,
    at    BIGINT  NOT NULL, -- Unix time in milliseconds
    actor TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    body  TEXT    NOT NULL, -- JSON
    hash  BLOB    NOT NULL
);

-- The newest entry ever written. Without it a history whose last rows are gone would look whole.
CREATE TABLE newest (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash BLOB   NOT NULL
);
INSERT INTO newest (one, seq, hash) VALUES (1, 0, x'');

CREATE TRIGGER history_newest AFTER INSERT ON history BEGIN
    UPDATE newest SET seq = NEW.seq, hash = NEW.hash WHERE one = 1;
END;
