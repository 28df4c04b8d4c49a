-- Customer support: conversations with their entries, the agents of the desk,
-- and frequently asked questions.
CREATE SCHEMA support;

-- A conversation's state. `last_seq` is its version: whoever changes it says
-- which one they saw. Read marks stand beside it and only grow, so they are
-- moved without that.
CREATE TABLE support.conversations (
    id                uuid        CONSTRAINT conversations_pk PRIMARY KEY,
    customer_id       uuid        NOT NULL,
    -- The client's id of the opening message: opening twice opens once.
    opening_id        uuid        NOT NULL,
    topic             text        NOT NULL,
    order_id          uuid,
    status            text        NOT NULL,
    agent_id          uuid,
    last_seq          bigint      NOT NULL,
    customer_read_seq bigint      NOT NULL DEFAULT 0,
    agent_read_seq    bigint      NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL,
    queued_at         timestamptz NOT NULL,
    resolved_at       timestamptz,
    CONSTRAINT conversations_opened_once UNIQUE (customer_id, opening_id),
    CONSTRAINT conversations_topic CHECK (topic IN ('order', 'payment', 'delivery', 'account', 'other')),
    CONSTRAINT conversations_status CHECK (status IN ('queued', 'open', 'pending', 'resolved')),
    CONSTRAINT conversations_agent CHECK (
        CASE status WHEN 'queued' THEN agent_id IS NULL WHEN 'resolved' THEN true ELSE agent_id IS NOT NULL END
    ),
    CONSTRAINT conversations_not_own_agent CHECK (agent_id <> customer_id),
    CONSTRAINT conversations_resolved_at CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT conversations_read_marks CHECK (
        customer_read_seq BETWEEN 0 AND last_seq AND agent_read_seq BETWEEN 0 AND last_seq
    )
);

CREATE INDEX conversations_of_customer ON support.conversations (customer_id, id DESC);
CREATE INDEX conversations_of_agent ON support.conversations (agent_id, id DESC) WHERE agent_id IS NOT NULL;
-- How much each agent has to do, and who waits: what every run of the desk asks.
CREATE INDEX conversations_open ON support.conversations (agent_id) WHERE status IN ('open', 'pending');
CREATE INDEX conversations_queue ON support.conversations (queued_at, id) WHERE status = 'queued';

-- What happened in a conversation, in order, never changed: messages, and the
-- turns between them. This is the log of the channel chat:{id}; a message costs
-- one row here and is not written to the journal again.
CREATE TABLE support.entries (
    conversation_id   uuid        NOT NULL
        CONSTRAINT entries_of_conversation REFERENCES support.conversations (id),
    seq               bigint      NOT NULL,
    at                timestamptz NOT NULL,
    kind              text        NOT NULL,
    -- Who wrote the message, or whom the conversation was assigned to.
    person_id         uuid,
    -- The side that wrote the message, or resolved the conversation.
    side              text,
    message_id        uuid,
    client_message_id uuid,
    text              text,
    private_note      boolean     NOT NULL DEFAULT false,
    CONSTRAINT entries_pk PRIMARY KEY (conversation_id, seq),
    -- What makes sending exactly-once.
    CONSTRAINT entries_sent_once UNIQUE (conversation_id, person_id, client_message_id),
    CONSTRAINT entries_kind CHECK (
        CASE kind
            WHEN 'chat.message' THEN person_id IS NOT NULL AND side IS NOT NULL AND message_id IS NOT NULL
                AND client_message_id IS NOT NULL AND text IS NOT NULL
            WHEN 'chat.assigned' THEN person_id IS NOT NULL
            WHEN 'chat.resolved' THEN side IS NOT NULL
            ELSE kind = 'chat.reopened'
        END
    ),
    CONSTRAINT entries_side CHECK (side IN ('customer', 'agent')),
    CONSTRAINT entries_private_note CHECK (NOT private_note OR side = 'agent')
);

-- The people of the desk. `online` is what the agent wants; it lasts over
-- reconnects and restarts until they say otherwise or stay away too long.
CREATE TABLE support.agents (
    agent_id  uuid    CONSTRAINT agents_pk PRIMARY KEY,
    online    boolean NOT NULL,
    capacity  integer NOT NULL,
    -- The desk's turn at which they were last given a conversation.
    last_turn bigint  NOT NULL DEFAULT 0,
    CONSTRAINT agents_capacity CHECK (capacity BETWEEN 0 AND 50)
);

-- Frequently asked questions, few enough to be read whole.
CREATE TABLE support.faqs (
    id          uuid    CONSTRAINT faqs_pk PRIMARY KEY,
    category    text    NOT NULL,
    position    integer NOT NULL CONSTRAINT faqs_position UNIQUE,
    question_ko text    NOT NULL,
    answer_ko   text    NOT NULL,
    question_en text    NOT NULL,
    answer_en   text    NOT NULL,
    CONSTRAINT faqs_category CHECK (category IN ('order', 'payment', 'delivery', 'account', 'other'))
);
