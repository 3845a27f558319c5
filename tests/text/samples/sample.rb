# frozen_string_literal: true

require 'json'
require_relative 'route/leg'

module Post
  LIMIT = 16

  class Error < StandardError; end

  class Parcel < Thing
    include Comparable
    extend Enumerable

    attr_reader :weight, :content

    def self.empty
      new(0)
    end

    def initialize(weight, content = nil, *legs, by:, times: 1, **rest, &block)
      super(weight)
      @legs = legs.map { |leg| Route::Leg.new(leg) }
      block&.call(self)
    end

    def <=>(other)
      weight <=> other.weight
    end

    def heavy?(limit = LIMIT) = weight > limit

    def weight=(grams)
      @weight = Integer(grams)
      changed
    end

    alias grams weight

    class << self
      def open(path)
        JSON.parse File.read(path), symbolize_names: true
      end
    end

    private

    def changed
      notify(:weight, "now #{describe}")
    rescue Error => e
      log e.message
    end

    protected

    def describe
      [weight, content].join ' '
    end
  end
end

module Post::Office
  def self.open
    Parcel.empty
  end
end

def pack(content)
  Post::Parcel.new(1, content, by: nil)
end
